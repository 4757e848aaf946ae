#include "harness/kernels/covariance.h"

#include "harness/kernels/centre.h"
#include "harness/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/covariance.cpp"
#include <hwy/foreach_target.h>
//
#include "harness/kernels/packing-inl.h"
#include "harness/kernels/sums-inl.h"
#include "harness/kernels/tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {
namespace {

template <class F>
inline constexpr F kOne = F(1);
#if HWY_TARGET == HWY_AVX3_DL
template <>
inline constexpr Pair kOne<Pair> = {0x3F803F80};  // 1.0 twice
#endif

/// Sums over the rows of a map less its centre: of the products of two channels, [C, stride], the first not
/// after the second, and below them of each channel.
template <class Tile>
struct Products {
  using F = typename Tile::Factor;
  const Source& x;
  const float* centre;
  int channels;

  int stride() const { return round_up(channels, kLanes); }
  std::int64_t sums() const { return std::int64_t(round_up(channels, 8)) * stride(); }
  std::int64_t floats() const { return sums() + stride(); }

  void chunk(std::int64_t begin, std::int64_t end, int tile, float* products) const {
    Scratch scratch;
    Tile read(scratch, tile, channels, {.over_channels = false, .over_pixels = true});
    std::fill_n(products, floats(), 0.0f);
    for (std::int64_t row = begin; row < end; row += tile) {
      const int rows = static_cast<int>(std::min<std::int64_t>(tile, end - row));
      read.load(CentredSource{x, centre}, row, rows);
      add_sums(Tile::steps(rows), read.over_pixels(), read.pixels_stride(), products + sums());
      multiply_upper_columns(Tile::steps(rows), read.over_pixels(), read.over_pixels(), channels,
                             read.pixels_stride(), products, stride(),
                             row + 2 * tile <= end ? ahead(row + tile) : AheadRows());
    }
  }

 private:
  void add_sums(int steps, const F* factors, int factors_stride, float* to) const {
    for_panels(channels, [&]<int kVectors>(int column) HWY_ATTR {
      add_block<1, kVectors>(steps, &kOne<F>, 0, factors + column, factors_stride, to + column, 0, {}, 0);
    });
  }

  AheadRows ahead(std::int64_t row) const {
    const auto from = x.data + row * x.stride;
    return {from, from, x.stride, x.stride, channels};
  }
};

/// The chunks' sums, in their order, [chunks, floats], as mean and covariance. mean: the centre before.
template <class Tile>
void finish(const Products<Tile>& work, const float* parts, int chunks, std::int64_t rows, double* mean,
            float* covariance) {
  const int channels = work.channels;
  Scratch scratch;
  double *row = scratch.doubles(channels), *off = scratch.doubles(channels);
  const auto add_up = [&](std::int64_t at, int first, double* to) {
    std::fill(to + first, to + channels, 0.0);
    for (int i = 0; i < chunks; ++i) {
      const float* part = parts + i * work.floats() + at;
      for (int c = first; c < channels; ++c) to[c] += part[c];
    }
    for (int c = first; c < channels; ++c) to[c] /= static_cast<double>(rows);
  };
  add_up(work.sums(), 0, off);
  for (int c = 0; c < channels; ++c) mean[c] += off[c];
  for (int c = 0; c < channels; ++c) {
    add_up(std::int64_t(c) * work.stride(), c, row);
    for (int other = c; other < channels; ++other) {
      const auto value = static_cast<float>(row[other] - off[c] * off[other]);
      covariance[std::int64_t(c) * channels + other] = covariance[std::int64_t(other) * channels + c] = value;
    }
  }
}

template <class Tile>
void covariance(std::int64_t rows, const Products<Tile>& work, double* mean, float* covariance,
                const ForEach& each) {
  Scratch scratch;
  const int tile = tile_rows<typename Tile::Factor>(work.channels, work.channels);
  const auto chunks = cut_for_weights(rows, tile, work.floats());
  float* parts = scratch.floats(chunks.count * work.floats());
  each(chunks.count,
       [&](std::int64_t i) { work.chunk(chunks.begin(i), chunks.end(i), tile, parts + i * work.floats()); });
  finish(work, parts, chunks.count, rows, mean, covariance);
}

/// T: the type of x. Tile: as it is multiplied.
template <class T, class Tile>
struct Curving {
  const CentredSource& x;
  int channels;
  Packed<typename Tile::Factor> curvature;
  const GradientOut& dx;

  void chunk(std::int64_t begin, std::int64_t end, int tile, double* sum, double* dot) const {
    Scratch scratch;
    Tile read(scratch, tile, channels, {.over_channels = true, .over_pixels = false});
    const GradientSums sums(scratch, channels, dx.sum != nullptr);
    for (std::int64_t row = begin; row < end; row += tile) {
      const int rows = static_cast<int>(std::min<std::int64_t>(tile, end - row));
      read.load(x, row, rows);
      const GradientTile<Adjoining> to{x.x, dx, {row}, sums.sum, sums.dot, 0};
      multiply_to_gradient<T>(rows, read.over_channels(), read.channels_stride(), curvature, {}, to, false,
                              row + 2 * tile <= end ? ahead(row + tile) : Ahead());
      sums.add_to(channels, sum, dot);
    }
  }

 private:
  Ahead ahead(std::int64_t row) const {
    using F = typename Tile::Factor;
    const auto from = AheadMap::of<F>(x.x.data + row * x.x.stride, x.x.stride, channels);
    if (!dx.base) return {from, from};
    return {from, AheadMap::of<F>(dx.base + row * dx.base_stride, dx.base_stride, channels)};
  }
};

template <class T, class Tile>
void curve(std::int64_t rows, int channels, const CentredSource& x, const float* curvature,
           const GradientOut& dx, const ForEach& each) {
  using F = typename Tile::Factor;
  Scratch scratch;
  const auto packed = packed_rows<Tile>(curvature, channels, channels,
                                        scratch.take<F>(packed_size<Tile>(channels, channels)));
  const int tile = tile_rows<F>(channels, channels);
  const auto chunks = cut(rows, tile, tile);
  ChunkPairs parts(scratch, chunks.count, dx.sum ? channels : 0);
  const Curving<T, Tile> work{x, channels, packed, dx};
  each(chunks.count, [&](std::int64_t i) {
    work.chunk(chunks.begin(i), chunks.end(i), tile, parts.first(i), parts.second(i));
  });
  if (dx.sum) parts.add_to(dx.sum, dx.dot);
}

}  // namespace

void covariance_here(std::int64_t rows, int channels, const Source& x, const float* centre, double* mean,
                     float* to, const ForEach& each) {
  if (x.data.type() == Type::Float32)
    covariance(rows, Products<FloatTile<false>>{x, centre, channels}, mean, to, each);
  else
    covariance(rows, Products<HalfTile>{x, centre, channels}, mean, to, each);
}

void curvature_here(std::int64_t rows, int channels, const Source& x, const float* centre,
                    const float* curvature, const GradientOut& dx, const ForEach& each) {
  const CentredSource centred{x, centre};
  if (x.data.type() == Type::Float32)
    curve<float, FloatTile<false>>(rows, channels, centred, curvature, dx, each);
  else
    curve<BFloat16, HalfTile>(rows, channels, centred, curvature, dx, each);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(covariance_here);
HWY_EXPORT(curvature_here);

void covariance_of(std::int64_t rows, int channels, const Source& x, double* mean, float* covariance,
                   const ForEach& each) {
  instruction_set();
  Scratch scratch;
  float* centre = scratch.floats(channels);
  take_centre(x, rows, channels, centre);
  std::copy_n(centre, channels, mean);
  HWY_DYNAMIC_DISPATCH(covariance_here)(rows, channels, x, centre, mean, covariance, each);
}

void curvature_backward(std::int64_t rows, int channels, const Source& x, const float* centre,
                        const float* curvature, const GradientOut& dx, const ForEach& each) {
  instruction_set();
  HWY_DYNAMIC_DISPATCH(curvature_here)(rows, channels, x, centre, curvature, dx, each);
}

}  // namespace ablate::kernels
#endif
