// What the forward and the backward depthwise kernels share: rings of rows as vectors of channels. Compiled
// once an instruction set.
#if defined(ABLATE_KERNELS_DEPTHWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_DEPTHWISE_INL_H_
#undef ABLATE_KERNELS_DEPTHWISE_INL_H_
#else
#define ABLATE_KERNELS_DEPTHWISE_INL_H_
#endif

#include "harness/kernels/bounds.h"
#include "harness/kernels/convolution.h"
#include "harness/kernels/lines_ahead-inl.h"
#include "harness/kernels/rows-inl.h"
#include "harness/kernels/statistics.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

constexpr int kMostRows = 9;  // of a kernel, or of one that joins two of its taps

/// Rows of an image as vectors of channels, [slots, vectors, columns, kLanes]: row h is in slot h % slots.
/// The `halo` columns on either side of a row stay zero; the others are not cleared.
struct Ring {
  Ring(Scratch& scratch, int ring_slots, int ring_vectors, int width, int ring_halo)
      : slots(ring_slots),
        vectors(ring_vectors),
        row_size((width + 2 * ring_halo) * kLanes),
        halo(ring_halo) {
    rows = scratch.take<float>(std::int64_t(slots) * vectors * row_size);
    const int beside = halo * kLanes;
    float* row = rows;
    for (int i = 0; i < slots * vectors; ++i, row += row_size) {
      std::fill_n(row, beside, 0.0f);
      std::fill_n(row + row_size - beside, beside, 0.0f);
    }
  }
  /// The first column of row h, halo included, of the first vector; the next vector's is row_size further on.
  float* row(std::int64_t h) const {
    return rows + std::size_t(std::uint32_t(h) % std::uint32_t(slots)) * (vectors * row_size);
  }

  float* rows;
  int slots, vectors, row_size, halo;
};

/// The rows of a ring that the kernel joins with one row of the other side.
struct Taps {
  const float* row[kMostRows];
  int weight[kMostRows];  // where the kernel's row is in its [kernel height, kernel width, kLanes]
  int count = 0;

  void add(const float* ring_row, int kernel_row, int kernel_width) {
    row[count] = ring_row;
    weight[count++] = kernel_row * kernel_width * kLanes;
  }
};

/// Which channels are worked on at a time: vectors first .. first + count.
struct Group {
  int first, count;
};

/// What the rings may take: part of a first- or of a second-level cache. Groups of few channels fit the
/// first, but go through memory in short stretches; measured, that pays for the forward pass, as long as the
/// stretches are whole cache lines, and not for the backward pass with its three maps.
constexpr int kFirstLevel = 12 << 10, kSecondLevel = 384 << 10;

/// Vectors of channels that a line of the caches holds.
inline int vectors_of_a_line(Type type) {
  return std::max(1, int(kLine / (kLanes * bytes_of(type))));
}

/// So many vectors of channels, a multiple of `step`, that rings of `columns` take `bytes` at most.
inline int vectors_of_a_group(int channels, int columns, int bytes, int step) {
  const int all = (padded(channels) / kLanes + step - 1) / step;
  const int most = std::clamp(bytes / (columns * step * kLanes * int(sizeof(float))), 1, all);
  const int groups = (all + most - 1) / most;
  return (all + groups - 1) / groups * step;
}

/// values [C] in whole vectors, or null.
inline const float* pad(Scratch& scratch, const float* values, int channels) {
  if (!values) return nullptr;
  float* copy = scratch.zeros<float>(padded(channels));
  std::copy_n(values, channels, copy);
  return copy;
}

/// w [C, taps] as [vectors, taps, kLanes].
inline const float* pack(Scratch& scratch, const float* w, int channels, int taps) {
  float* packed = scratch.zeros<float>(std::size_t(padded(channels)) * taps);
  for (int c = 0; c < channels; ++c)
    for (int t = 0; t < taps; ++t)
      packed[(c / kLanes * taps + t) * kLanes + c % kLanes] = w[std::int64_t(c) * taps + t];
  return packed;
}

/// Calls body(Pixels<P>, w) for blocks of `Most`, then 4, 2 and 1 pixels.
template <int Most, class Body>
HWY_INLINE void for_blocks(int width, const Body& body) {
  int w = 0;
  for (; w + Most <= width; w += Most) body(Pixels<Most>(), w);
  if constexpr (Most > 4)
    if (w + 4 <= width) body(Pixels<4>(), w), w += 4;
  if (w + 2 <= width) body(Pixels<2>(), w), w += 2;
  if (w < width) body(Pixels<1>(), w);
}

/// Calls body(Pixels<P>, w) for blocks of 8, then 4, 2 and 1 pixels, or for blocks of 7 where these leave no
/// rest: images of 224 px become maps of 28, 14 and 7.
template <class Body>
HWY_INLINE void for_equal_blocks(int width, const Body& body) {
  if (width % 8 == 0 || width % 7 != 0) return for_blocks<8>(width, body);
  for (int w = 0; w < width; w += 7) body(Pixels<7>(), w);
}

/// Adds R rows of taps to P outputs of a row. All are unrolled, so that addresses are a row's and a constant.
template <int KW, int S, int R, int P>
HWY_INLINE void add_taps(const Taps& taps, int k, std::int64_t at, const float* weights, Vector (&sum)[P]) {
  HWY_UNROLL(4)
  for (int r = 0; r < R; ++r) {
    const float *in = taps.row[k + r] + at, *from = weights + taps.weight[k + r];
    Vector w[KW];
    unrolled<KW>([&](auto j) HWY_ATTR
                 __attribute__((always_inline)) { w[j] = hn::Load(kFloats, from + j * kLanes); });
    unrolled<(P - 1) * S + KW>([&](auto t) HWY_ATTR __attribute__((always_inline)) {
      const Vector x = hn::Load(kFloats, in + t * kLanes);
      unrolled<KW>([&](auto j) HWY_ATTR __attribute__((always_inline)) {
        constexpr int kFrom = t - j, kTo = kFrom / S;
        if constexpr (kFrom >= 0 && kFrom % S == 0 && kTo < P) sum[kTo] = hn::MulAdd(x, w[j], sum[kTo]);
      });
    });
  }
}

/// Adds all taps to P outputs of a row; at: where its first input is in a ring's row.
template <int KW, int S, int P>
HWY_INLINE void add_convolution(const Taps& taps, std::int64_t at, const float* weights, Vector (&sum)[P]) {
  int k = 0;
  for (; k + 3 <= taps.count; k += 3) add_taps<KW, S, 3>(taps, k, at, weights, sum);
  if (k + 2 <= taps.count) add_taps<KW, S, 2>(taps, k, at, weights, sum), k += 2;
  if (k < taps.count) add_taps<KW, S, 1>(taps, k, at, weights, sum);
}

template <int KW, int S, int P>
HWY_INLINE void convolve(const Taps& taps, std::int64_t at, const float* weights, Vector (&sum)[P]) {
  HWY_UNROLL(8)
  for (int p = 0; p < P; ++p) sum[p] = all(0);
  add_convolution<KW, S>(taps, at, weights, sum);
}

/// A Source whose scale and shift are in whole vectors, and the bounds of its activation. The centre [C], if
/// there is one, is subtracted from what is read.
struct Reading {
  Reading(Scratch& scratch, const Source& source, int channels, const float* subtracted = nullptr)
      : x(source), centre(pad(scratch, subtracted, channels)), bounds(source.act) {
    x.scale = pad(scratch, x.scale, channels), x.shift = pad(scratch, x.shift, channels);
  }

  /// One row of one vector of channels from c on, as read, into a ring.
  template <class Count>
  HWY_INLINE void row(ConstValues in, int width, int c, Count count, float* out) const {
    with_type(in.type(), [&]<class T>() HWY_ATTR { row(in.as<T>(), width, c, count, out); });
  }

  /// Raw values of P vectors of the channels from c on, as read.
  template <int P>
  HWY_INLINE void read(int c, Vector (&v)[P]) const {
    if (!x.scale) return;
    const Normalised normalised(*this, c);
    HWY_UNROLL(8)
    for (int p = 0; p < P; ++p) v[p] = normalised(v[p]);
  }

  Source x;
  const float* centre;
  Bounds bounds;

 private:
  /// Raw values of one vector of channels as they are read.
  struct Normalised {
    HWY_INLINE Normalised(const Reading& reading, int c)
        : scale(hn::Load(kFloats, reading.x.scale + c)),
          shift(hn::Load(kFloats, reading.x.shift + c)),
          least(all(reading.bounds.low)),
          most(all(reading.bounds.high)) {}
    HWY_INLINE Vector operator()(Vector v) const {
      return at_most(most, at_least(least, hn::MulAdd(scale, v, shift)));
    }
    Vector scale, shift, least, most;
  };

  template <class T, class Count>
  HWY_INLINE void row(const T* in, int width, int c, Count count, float* out) const {
    if (!centre) {
      if (!x.scale) return transform(in, width, count, out, [](Vector v) HWY_ATTR { return v; });
      return transform(in, width, count, out, Normalised(*this, c));
    }
    const Vector middle = hn::Load(kFloats, centre + c);
    if (!x.scale)
      return transform(in, width, count, out, [&](Vector v) HWY_ATTR { return hn::Sub(v, middle); });
    const Normalised read(*this, c);
    transform(in, width, count, out, [&](Vector v) HWY_ATTR { return hn::Sub(read(v), middle); });
  }

  template <class T, class Count, class Body>
  HWY_INLINE void transform(const T* in, int width, Count count, float* out, const Body& body) const {
    for_blocks<4>(width, [&]<int P>(Pixels<P>, int w) HWY_ATTR {
      Vector v[P];
      load_pixels(in + w * x.stride, x.stride, in_map(count, x.stride), v);
      HWY_UNROLL(4)
      for (int p = 0; p < P; ++p) hn::Store(body(v[p]), kFloats, out + (w + p) * kLanes);
    });
  }
};

/// The rows that are asked for while earlier ones are worked on: those of the image, then those of what comes
/// after it (the next group of channels, or the next image).
struct Ahead {
  ConstValues image, after;  // first pixels; after: null at the end
  std::int64_t row_stride;
  int rows;

  ConstValues row(int h) const {
    if (h < rows) return image + h * row_stride;
    return after && h < 2 * rows ? after + (h - rows) * row_stride : ConstValues();
  }
};

/// The groups of the images of a chunk, one after the other.
struct Place {
  std::int64_t image;
  int group;
};

/// Where a map continues: its rows at a place, and those at the next one, if there is a next one.
inline Ahead ahead_of(ConstValues data, std::int64_t stride, int height, int width, int group_channels,
                      const Place& now, const Place& next, bool last) {
  const auto at = [&](const Place& place) {
    return data + place.image * height * width * stride + std::int64_t(place.group) * group_channels;
  };
  return {at(now), last ? ConstValues() : at(next), width * stride, height};
}

/// Whether a map is large enough not to be kept in caches, and made of whole vectors that are cache lines, or
/// halves of them.
inline bool streams(ConstValues data, std::int64_t stride, std::int64_t pixels, int channels) {
  constexpr std::int64_t kLeastBytes = 4 << 20;
  const std::int64_t size = bytes_of(data.type());
  return kLanes * sizeof(float) == kLine && stride * size % kLine == 0 &&
         reinterpret_cast<std::uintptr_t>(data.bytes()) % kLine == 0 &&
         pixels * channels * size >= kLeastBytes;
}

/// The same channels of P pixels, which stay in registers: load_pixels is called for either type.
template <int P, class Count>
HWY_INLINE void load_block(ConstValues in, std::int64_t stride, Count count, Vector (&v)[P]) {
  with_type(
      in.type(), [&]<class T>() HWY_ATTR
      __attribute__((always_inline)) { load_pixels(in.as<T>(), stride, count, v); });
}

/// Stores P pixels, past the caches if `streamed`.
template <int P, class T>
HWY_INLINE void store_block(const Vector (&v)[P], T* to, std::int64_t stride, int count, bool streamed) {
  if (!streamed || count < kLanes) return store_pixels(v, to, stride, count);
  HWY_UNROLL(8)
  for (int p = 0; p < P; ++p) stream(v[p], to + p * stride);
}

template <int P>
HWY_INLINE void store_block(const Vector (&v)[P], Values out, std::int64_t stride, int count, bool streamed) {
  with_type(out.type(), [&]<class T>() HWY_ATTR { store_block(v, out.as<T>(), stride, count, streamed); });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
