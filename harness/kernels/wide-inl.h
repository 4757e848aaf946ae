// Maps as rows of whole vectors, for the elementwise kernels: pixels that lie side by side in memory are
// taken several at a time, so that their channels fill vectors. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_WIDE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_WIDE_INL_H_
#undef ABLATE_KERNELS_WIDE_INL_H_
#else
#define ABLATE_KERNELS_WIDE_INL_H_
#endif

#include <numeric>

#include "harness/kernels/activations-inl.h"
#include "harness/kernels/lines_ahead-inl.h"
#include "harness/kernels/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// So many pixels are gone through as one row.
struct Wide {
  int channels, pixels;

  /// `dense`: no map that the kernel goes through has gaps between pixels.
  Wide(int channels_, bool dense) : channels(channels_), pixels(1) {
    constexpr int kFewest = 8 * kLanes;  // values of a row, that loops are not too short
    if (!dense) return;
    const int vectors = kLanes / std::gcd(channels, kLanes);
    pixels = vectors * std::max(1, kFewest / (vectors * channels));
  }
  int width() const { return channels * pixels; }

  /// Values of channels, again and again as a row has them; zero up to a whole vector.
  float* repeat(const float* values, Scratch& scratch) const {
    float* row = scratch.zeros<float>(padded(width()));
    for (int p = 0; p < pixels; ++p) std::copy_n(values, channels, row + p * channels);
    return row;
  }
};

inline bool is_dense(const Source& x, int channels) {
  return x.stride == channels;
}
inline bool is_dense(const GradientOut& dx, int channels) {
  return (!dx.data || dx.stride == channels) && (!dx.base || dx.base_stride == channels);
}

/// Values of R pixels, `apart` pixels from each other: value i of each and those after it. A row's go on into
/// the pixels that follow. Those `ahead` pixels further are asked for meanwhile.
struct Spot {
  std::int64_t pixel, apart;
  int i;
  std::int64_t ahead;
};

/// Where the values of a spot are in rows without gaps that begin at `pixel`.
HWY_INLINE std::int64_t place_of(const Spot& at, int r, std::int64_t pixel, int channels) {
  return (at.pixel - pixel + r * at.apart) * channels + at.i;
}

/// Calls body(i, lanes) for the vectors of `count` values.
template <class Body>
HWY_INLINE void for_vectors(int count, const Body& body) {
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) body(i, AllLanes());
  if (i < count) body(i, Lanes(count - i));
}

/// Calls body(Pixels<R>, spot, lanes) for all tiles of pixels begin .. end.
template <class Body>
HWY_INLINE void for_spots(const Wide& wide, std::int64_t begin, std::int64_t end, const Body& body) {
  constexpr int kTilesAhead = 4;  // the next one alone comes too late
  const std::int64_t step = wide.pixels;
  std::int64_t pixel = begin;
  for (; pixel + 4 * step <= end; pixel += 4 * step)
    for_vectors(wide.width(), [&](int i, auto lanes) HWY_ATTR {
      body(Pixels<4>(), Spot{pixel, step, i, kTilesAhead * 4 * step}, lanes);
    });
  for (; pixel < end; pixel += step)
    for_vectors(static_cast<int>(std::min(step, end - pixel)) * wide.channels,
                [&](int i, auto lanes) HWY_ATTR {
                  body(Pixels<1>(), Spot{pixel, step, i, step}, lanes);
                });
}

/// Calls body(Pixels<R>, spot, place, lanes) for all tiles of so many rows of an image, that are `width`
/// pixels long; place: where the values are in a row of it that has no gaps.
template <int R, class Body>
HWY_INLINE void for_rows_at_once(const Wide& wide, std::int64_t pixel, int width, const Body& body) {
  for (int w = 0; w < width; w += wide.pixels)
    for_vectors(std::min(wide.pixels, width - w) * wide.channels, [&](int i, auto lanes) HWY_ATTR {
      body(Pixels<R>(), Spot{pixel + w, width, i, R * width}, w * wide.channels + i, lanes);
    });
}

template <class Body>
HWY_INLINE void for_image_rows(const Wide& wide, std::int64_t pixel, int rows, int width, const Body& body) {
  int h = 0;
  for (; h + 2 <= rows; h += 2) for_rows_at_once<2>(wide, pixel + std::int64_t(h) * width, width, body);
  if (h < rows) for_rows_at_once<1>(wide, pixel + std::int64_t(h) * width, width, body);
}

template <int R, class L>
HWY_INLINE void load_spot(ConstValues map, std::int64_t stride, const Spot& at, L lanes, Vector (&v)[R]) {
  with_type(map.type(), [&]<class T>() HWY_ATTR {
    const T* from = map.as<T>() + at.pixel * stride + at.i;
    HWY_UNROLL(4)
    for (int r = 0; r < R; ++r) {
      ask_for<Level::Second>(from + (at.ahead + r * at.apart) * stride);
      v[r] = lanes.load(from + r * at.apart * stride);
    }
  });
}

/// A map that is written; past the caches if it is large and what is written is whole cache lines.
class WideOutput {
 public:
  /// pixels: of the map; `start`: the kernel begins at multiples of so many.
  WideOutput(Values map, std::int64_t stride, const Wide& wide, std::int64_t pixels, std::int64_t start)
      : map_(map), stride_(stride) {
    constexpr std::int64_t kLarge = std::int64_t(4) << 20;  // bytes
    const std::int64_t size = bytes_of(map.type()), channels = wide.channels;
    stream_ = map && kLanes == 16 && stride == channels && wide.width() % kLanes == 0 &&
              start * channels * size % kLine == 0 &&
              reinterpret_cast<std::uintptr_t>(map.bytes()) % kLine == 0 &&
              pixels * channels * size >= kLarge;
  }
  bool streams() const { return stream_; }
  void flush() const {
    if (stream_) hwy::FlushStream();
  }

  template <int R, class L>
  HWY_INLINE void store(const Spot& at, L lanes, const Vector (&v)[R]) const {
    with_type(map_.type(), [&]<class T>() HWY_ATTR {
      T* to = map_.as<T>() + at.pixel * stride_ + at.i;
      HWY_UNROLL(4)
      for (int r = 0; r < R; ++r, to += at.apart * stride_)
        if (std::is_same_v<L, AllLanes> && stream_)
          stream(v[r], to);
        else
          lanes.store(v[r], to);
    });
  }

 private:
  Values map_;
  std::int64_t stride_;
  bool stream_;
};

/// An activation that is known as the kernel is compiled.
template <Act kAct>
struct FixedAct {
  constexpr operator Act() const { return kAct; }
};

/// Calls use(activation) with a FixedAct for those that maps mostly have.
template <class Use>
HWY_INLINE void with_act(Act act, const Use& use) {
  if (act == Act::None) return use(FixedAct<Act::None>());
  if (act == Act::Relu) return use(FixedAct<Act::Relu>());
  use(act);
}

/// Reads through a Source. `act` is its activation, or a FixedAct.
class WideSource {
 public:
  WideSource(const Source& x, const Wide& wide, Scratch& scratch) : map_(x.data), stride_(x.stride) {
    if (!x.scale) return;
    scale_ = wide.repeat(x.scale, scratch);
    shift_ = wide.repeat(x.shift, scratch);
  }

  template <int R, class L>
  HWY_INLINE void load(const Spot& at, L lanes, Vector (&raw)[R]) const {
    load_spot(map_, stride_, at, lanes, raw);
  }
  /// z of raw values.
  template <int R>
  HWY_INLINE void normalise(const Spot& at, const Vector (&raw)[R], Vector (&z)[R]) const {
    for (int r = 0; r < R; ++r) z[r] = raw[r];
    if (!scale_) return;
    const Vector scale = hn::Load(kFloats, scale_ + at.i), shift = hn::Load(kFloats, shift_ + at.i);
    for (int r = 0; r < R; ++r) z[r] = hn::MulAdd(scale, raw[r], shift);
  }
  /// What a reader sees: act(z).
  template <class A, int R, class L>
  HWY_INLINE void read(A act, const Spot& at, L lanes, Vector (&v)[R]) const {
    Vector raw[R];
    load(at, lanes, raw);
    normalise(at, raw, v);
    activate(act, v);
  }

 private:
  ConstValues map_;
  std::int64_t stride_;
  const float *scale_ = nullptr, *shift_ = nullptr;  // of a row
};

/// Stores the part of a GradientOut that a kernel makes, and adds it to the sums of the band.
class WideGradient {
 public:
  /// pixels and start: as of WideOutput. What is added to in place is in the caches already.
  WideGradient(const GradientOut& out, const Wide& wide, std::int64_t pixels, std::int64_t start,
               Scratch& scratch)
      : out_(out), wide_(wide), map_(out.data, out.stride, wide, out.in_place() ? 0 : pixels, start) {
    if (!out.sum) return;
    centre_ = wide.repeat(out.centre, scratch);
    sum_ = scratch.zeros<float>(padded(wide.width()));
    dot_ = scratch.zeros<float>(padded(wide.width()));
  }
  bool sums() const { return sum_ != nullptr; }

  /// Passes g back through x, of which what lies there is known to be `raw` and z.
  template <int R, class L>
  HWY_INLINE void put(const Spot& at, L lanes, const Vector (&raw)[R], Vector (&part)[R]) const {
    if (sum_) add(at, raw, part);
    if (!out_.data) return;
    if (out_.base) {
      Vector base[R];
      load_spot(out_.base, out_.base_stride, at, lanes, base);
      for (int r = 0; r < R; ++r) part[r] = hn::Add(base[r], part[r]);
    }
    map_.store(at, lanes, part);
  }
  /// Passes g, the gradient of what a reader of x saw, back through it.
  template <class A, int R, class L>
  HWY_INLINE void pass(const WideSource& x, A act, const Spot& at, L lanes, Vector (&g)[R]) const {
    Vector raw[R], z[R];
    if (act != Act::None || sum_) {
      x.load(at, lanes, raw);
      x.normalise(at, raw, z);
      pass_back(act, z, g);
    }
    put(at, lanes, raw, g);
  }

  /// Ends a band: its sums go to total [2, C], if there are any.
  void flush(double* total) const {
    map_.flush();
    if (!sum_) return;
    const int channels = wide_.channels;
    for (int p = 0; p < wide_.pixels; ++p)
      add_band(total, channels, {sum_ + p * channels, dot_ + p * channels}, channels);
  }

 private:
  template <int R>
  HWY_INLINE void add(const Spot& at, const Vector (&raw)[R], const Vector (&part)[R]) const {
    const Vector centre = hn::Load(kFloats, centre_ + at.i);
    Vector sum = part[0], dot = hn::Mul(part[0], hn::Sub(raw[0], centre));
    for (int r = 1; r < R; ++r) {
      sum = hn::Add(sum, part[r]);
      dot = hn::MulAdd(part[r], hn::Sub(raw[r], centre), dot);
    }
    add_to(sum_ + at.i, sum);
    add_to(dot_ + at.i, dot);
  }

  GradientOut out_;
  Wide wide_;
  WideOutput map_;
  const float* centre_ = nullptr;  // of a row
  float *sum_ = nullptr, *dot_ = nullptr;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
