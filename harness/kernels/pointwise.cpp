#include "harness/kernels/convolution.h"
#include "harness/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/pointwise.cpp"
#include <hwy/foreach_target.h>
//
#include "harness/kernels/readers-inl.h"
#include "harness/kernels/sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {
namespace {

struct PointwiseForward {
  const Pointwise& shape;
  const Source& x;
  float* y;
  std::int64_t y_stride;
  Packed w;
  bool stream;

  void chunk(std::int64_t begin, std::int64_t end, int tile, bool with_moments, double* mean,
             double* squares) const {
    Scratch scratch;
    const int stride = tile_stride(shape.in);
    float* read = x.scale ? scratch.floats(std::int64_t(tile) * stride + kLanes) : nullptr;
    const auto moments = tile_moments(scratch, shape.out, with_moments);
    PartialMoments sums{0, shape.out, mean, squares};
    for (std::int64_t row = begin; row < end; row += tile) {
      const int rows = static_cast<int>(std::min<std::int64_t>(tile, end - row));
      if (read) load_rows(x, row, rows, shape.in, read, stride);
      multiply_to_output(rows, read ? read : x.data + row * x.stride, read ? stride : x.stride, w, {},
                         y + row * y_stride, y_stride, moments, stream,
                         row + 2 * tile <= end ? ahead(row + tile) : Ahead());
      if (with_moments) merge_tile(moments, rows, sums);
    }
    if (stream) hwy::FlushStream();
  }

  Ahead ahead(std::int64_t row) const {
    const auto next = AheadMap::of(x.data + row * x.stride, x.stride, shape.in);
    return {next, next};
  }
};

void forward_pointwise(const Pointwise& shape, const Source& x, const float* w, float* y,
                       std::int64_t y_stride, const Moments& moments, const ForEach& each) {
  Scratch scratch;
  const bool with_moments = moments.mean != nullptr;
  float* panels = scratch.floats(Packed::floats(shape.in, shape.out));
  pack(w, 1, shape.in, 0, shape.in, shape.in, shape.out, panels);
  const PointwiseForward work{
      shape, x, y, y_stride, {panels, shape.in, shape.out}, streams(y, y_stride, shape.rows, shape.out)};
  const int tile = tile_rows(shape.in, shape.out);
  const auto chunks = cut(shape.rows, tile, tile);
  ChunkPairs parts(scratch, chunks.count, with_moments ? shape.out : 0);
  each(chunks.count, [&](std::int64_t i) {
    work.chunk(chunks.begin(i), chunks.end(i), tile, with_moments, parts.first(i), parts.second(i));
  });
  if (with_moments) parts.merge_into(moments, chunks);
}

struct PointwiseBackward {
  const Pointwise& shape;
  const GradientIn& d;
  const Source& x;
  const GradientOut& dx;
  Packed w;
  WeightSums weights;
  bool with_dx, stream;

  void chunk(std::int64_t begin, std::int64_t end, int tile, float* weight_sums, double* sum,
             double* dot) const {
    Scratch scratch;
    const int d_stride = tile_stride(shape.out), x_stride = tile_stride(shape.in);
    float* d_tile = scratch.floats(std::int64_t(tile) * d_stride + kLanes);
    float* x_tile = scratch.floats(std::int64_t(tile) * x_stride + kLanes);
    auto* pixels = scratch.take<std::int64_t>(tile);
    const GradientSums sums(scratch, shape.in, dx.sum != nullptr);
    if (weight_sums) std::fill_n(weight_sums, weights.floats(), 0.0f);
    for (std::int64_t row = begin; row < end; row += tile) {
      const int rows = static_cast<int>(std::min<std::int64_t>(tile, end - row));
      load_rows(d, row, rows, shape.out, d_tile, d_stride);
      if (weight_sums) {
        load_rows(x, row, rows, shape.in, x_tile, x_stride);
        weights.add_rows(rows, d_tile, d_stride, x_tile, x_stride, weight_sums);
      }
      if (!with_dx) continue;
      for (int r = 0; r < rows; ++r) pixels[r] = row + r;
      const bool more = row + 2 * tile <= end;
      multiply_to_gradient(rows, d_tile, d_stride, w, {},
                           {x, dx, pixels, sums.sum, sums.dot, more ? tile * x.stride : 0}, stream,
                           more ? ahead(row + tile) : Ahead());
      sums.add_to(shape.in, sum, dot);
    }
    if (stream) hwy::FlushStream();
  }

  Ahead ahead(std::int64_t row) const {
    const auto next = AheadMap::of(d.dz + row * d.stride, d.stride, shape.out);
    return {next, d.c1 ? AheadMap::of(d.y + row * d.y_stride, d.y_stride, shape.out) : next};
  }
};

void backward_pointwise(const Pointwise& shape, const GradientIn& d, const Source& x, const float* w,
                        const GradientOut& dx, float* dw, const ForEach& each) {
  Scratch scratch;
  const WeightSums weights(shape.out, shape.in);
  const bool with_dx = dx.data || dx.sum;
  float* panels = with_dx ? scratch.floats(Packed::floats(shape.out, shape.in)) : nullptr;
  if (with_dx) pack(w, shape.in, 1, 0, shape.out, shape.out, shape.in, panels);
  const int tile = tile_rows(shape.in, shape.out);
  const auto chunks = cut_for_weights(shape.rows, tile, dw ? weights.floats() : 0);
  float* weight_sums = dw ? scratch.floats(chunks.count * weights.floats()) : nullptr;
  ChunkPairs parts(scratch, chunks.count, dx.sum ? shape.in : 0);
  const bool stream = dx.data && dx.base != dx.data && streams(dx.data, dx.stride, shape.rows, shape.in);
  const PointwiseBackward work{shape, d, x, dx, {panels, shape.out, shape.in}, weights, with_dx, stream};
  each(chunks.count, [&](std::int64_t i) {
    work.chunk(chunks.begin(i), chunks.end(i), tile, dw ? weight_sums + i * weights.floats() : nullptr,
               parts.first(i), parts.second(i));
  });
  if (dw) weights.write(weight_sums, chunks.count, weights.floats(), dw, shape.in);
  if (dx.sum) parts.add_to(dx.sum, dx.dot);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(forward_pointwise);
HWY_EXPORT(backward_pointwise);

void pointwise_forward(const Pointwise& shape, const Source& x, const float* w, float* y,
                       std::int64_t y_stride, const Moments& moments, const ForEach& each) {
  instruction_set();
  HWY_DYNAMIC_DISPATCH(forward_pointwise)(shape, x, w, y, y_stride, moments, each);
}

void pointwise_backward(const Pointwise& shape, const GradientIn& d, const Source& x, const float* w,
                        const GradientOut& dx, float* dw, const ForEach& each) {
  instruction_set();
  HWY_DYNAMIC_DISPATCH(backward_pointwise)(shape, d, x, w, dx, dw, each);
}

}  // namespace ablate::kernels
#endif
