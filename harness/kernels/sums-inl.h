// Compiled once an instruction set (see hwy/foreach_target.h).
#if defined(ABLATE_KERNELS_SUMS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_SUMS_INL_H
#undef ABLATE_KERNELS_SUMS_INL_H
#else
#define ABLATE_KERNELS_SUMS_INL_H
#endif

#include "harness/kernels/chunks.h"
#include "harness/kernels/epilogues-inl.h"
#include "harness/kernels/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {

/// Room for the moments of a tile; nothing if they are not wanted.
HWY_INLINE TileMoments tile_moments(Scratch& scratch, int channels, bool wanted) {
  if (!wanted) return {};
  const int room = round_up(channels, kLanes);
  return {scratch.floats(room), scratch.floats(room), scratch.floats(room)};
}

/// Merges the moments of a tile into those of its chunk, like merge() of chunks.h.
HWY_INLINE void merge_tile(const TileMoments& tile, int rows, PartialMoments& into) {
  const std::int64_t all = into.rows + rows;
  const double share = 1.0 / rows, step = double(rows) / all, weight = double(into.rows) * step;
  double *HWY_RESTRICT mean = into.mean, *HWY_RESTRICT squares = into.squares;
  for (int c = 0; c < into.channels; ++c) {
    const double sum = tile.sum[c], apart = tile.first[c] + sum * share - mean[c];
    mean[c] += apart * step;
    squares[c] += tile.squares[c] - sum * sum * share + apart * apart * weight;
  }
  into.rows = all;
}

/// The gradient of a weight [out, in] as it is summed: d^T * x, or x^T * d if fewer lanes idle so.
class WeightSums {
 public:
  WeightSums(int out, int in) : out_(out), in_(in) {
    const auto rows = [](int columns) { return columns % 8 == 1 ? columns : round_up(columns, 8); };
    const std::int64_t straight = std::int64_t(rows(out)) * round_up(in, kLanes);
    const std::int64_t swapped = std::int64_t(rows(in)) * round_up(out, kLanes);
    swapped_ = swapped < straight || (swapped == straight && out > in);
  }

  std::int64_t floats() const { return std::int64_t(round_up(swapped_ ? in_ : out_, 8)) * stride(); }

  /// d [rows, d_stride] and x [rows, x_stride] are factors of sums over pixels.
  template <class F>
  HWY_INLINE void add_rows(int rows, const F* d, int d_stride, const F* x, int x_stride, float* sums,
                           const AheadRows& ahead = {}) const {
    if (swapped_)
      multiply_columns(rows, x, in_, x_stride, d, out_, d_stride, sums, stride(), ahead);
    else
      multiply_columns(rows, d, out_, d_stride, x, in_, x_stride, sums, stride(), ahead);
  }

  /// Writes the sum of the chunks' sums, `apart` floats from each other, as rows of dw, dw_stride apart.
  void write(float* sums, int chunks, std::int64_t apart, float* dw, std::int64_t dw_stride) const {
    for (int i = 1; i < chunks; ++i) {
      const float* more = sums + i * apart;
      for (std::int64_t at = 0; at < floats(); ++at) sums[at] += more[at];
    }
    if (swapped_) return write_swapped(sums, dw, dw_stride);
    for (int n = 0; n < out_; ++n) std::copy_n(sums + std::int64_t(n) * stride(), in_, dw + n * dw_stride);
  }

 private:
  int stride() const { return round_up(swapped_ ? out_ : in_, kLanes); }

  void write_swapped(const float* sums, float* dw, std::int64_t dw_stride) const {
    constexpr int kBlock = 16;
    for (int left = 0; left < out_; left += kBlock)
      for (int k = 0; k < in_; ++k)
        for (int n = left; n < std::min(out_, left + kBlock); ++n)
          dw[n * dw_stride + k] = sums[std::int64_t(k) * stride() + n];
  }

  int out_, in_;
  bool swapped_;
};

/// Chunks for summing weight gradients of so many floats: as many as make 4 MB of partial sums, or four where
/// those are larger; adding up more of them costs time.
HWY_INLINE Chunks cut_for_weights(std::int64_t rows, int tile, std::int64_t floats) {
  constexpr std::int64_t kRows = 256, kMost = std::int64_t(1) << 20;
  Chunks chunks = cut(rows, tile, kRows);
  chunks.count = static_cast<int>(std::min<std::int64_t>(
      std::max<std::int64_t>(4, kMost / std::max<std::int64_t>(floats, 1)), chunks.count));
  return chunks;
}

/// Whether an output goes past the caches: large, and of whole aligned lines.
HWY_INLINE bool streams(ConstValues data, std::int64_t stride, std::int64_t rows, int columns) {
  constexpr std::int64_t kLarge = std::int64_t(8) << 20;  // bytes
  const std::int64_t size = bytes_of(data.type());
  return kLanes == 16 && columns * size % kLine == 0 && stride * size % kLine == 0 &&
         reinterpret_cast<std::uintptr_t>(data.bytes()) % kLine == 0 && rows * columns * size > kLarge;
}

/// Whether what an input of so many pixels gets does.
HWY_INLINE bool streams(const GradientOut& dx, std::int64_t pixels, int channels) {
  return dx.data && !dx.in_place() && streams(dx.data, dx.stride, pixels, channels);
}

/// Sums of a tile's gradient, added to those of its chunk.
struct GradientSums {
  float *sum = nullptr, *dot = nullptr;  // of the tile, whole vectors; null: not wanted

  GradientSums(Scratch& scratch, int channels, bool wanted) {
    if (!wanted) return;
    sum = scratch.floats(round_up(channels, kLanes));
    dot = scratch.floats(round_up(channels, kLanes));
  }
  HWY_INLINE void add_to(int channels, double* HWY_RESTRICT sums, double* HWY_RESTRICT dots) const {
    if (!sum) return;
    for (int c = 0; c < channels; ++c) {
      sums[c] += sum[c];
      dots[c] += dot[c];
    }
  }
};

/// d [rows, depth] * w, on to dx; x and dx are of type T.
template <class T, Act kAct, class F, class Pixels>
HWY_NOINLINE void multiply_to_gradient(int rows, const F* d, int d_stride, const Packed<F>& w,
                                       const Begun& begun, const GradientTile<Pixels>& tile, bool stream,
                                       const Ahead& ahead) {
  if (stream)
    multiply_rows(rows, d, d_stride, w, begun, StoreGradient<T, kAct, true, Pixels>(tile, w.columns), ahead);
  else
    multiply_rows(rows, d, d_stride, w, begun, StoreGradient<T, kAct, false, Pixels>(tile, w.columns), ahead);
}

template <class T, class F, class Pixels>
HWY_INLINE void multiply_to_gradient(int rows, const F* d, int d_stride, const Packed<F>& w,
                                     const Begun& begun, const GradientTile<Pixels>& tile, bool stream,
                                     const Ahead& ahead = {}) {
  with_known_act(tile.x.scale ? tile.x.act : Act::None, [&](auto act) HWY_ATTR {
    multiply_to_gradient<T, act()>(rows, d, d_stride, w, begun, tile, stream, ahead);
  });
}

/// a [rows, depth] * w, on to the rows of y.
template <class T, class F>
HWY_NOINLINE void multiply_to_output(int rows, const F* a, std::int64_t a_stride, const Packed<F>& w,
                                     const Begun& begun, T* y, std::int64_t y_stride,
                                     const TileMoments& moments, bool stream, const Ahead& ahead = {}) {
  if (stream)
    multiply_rows(rows, a, a_stride, w, begun, StoreRows<T, true>{y, y_stride, w.columns, moments}, ahead);
  else
    multiply_rows(rows, a, a_stride, w, begun, StoreRows<T, false>{y, y_stride, w.columns, moments}, ahead);
}

template <Act kAct, class F, class Rows>
HWY_NOINLINE void multiply_to_finished(int rows, const F* a, std::int64_t a_stride, const Packed<F>& w,
                                       const Rows& to, const Finish& finish, const Ahead& ahead) {
  multiply_rows(rows, a, a_stride, w, {}, StoreFinished<Rows, kAct>{to, w.columns, finish}, ahead);
}

/// The same, finished. `to`: the rows that are written, MapRows or others that store as these do.
template <class F, class Rows>
HWY_INLINE void multiply_to_finished(int rows, const F* a, std::int64_t a_stride, const Packed<F>& w,
                                     const Rows& to, const Finish& finish, const Ahead& ahead) {
  with_known_act(finish.act, [&](auto act) HWY_ATTR {
    multiply_to_finished<act()>(rows, a, a_stride, w, to, finish, ahead);
  });
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
