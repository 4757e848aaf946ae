#include "harness/kernels/convolution.h"
#include "harness/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/dense_forward.cpp"
#include <hwy/foreach_target.h>
//
#include "harness/kernels/lines-inl.h"
#include "harness/kernels/sums-inl.h"
#include "harness/kernels/windows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {
namespace {

struct DenseForward {
  const Dense& shape;
  const Windows& windows;
  WindowProduct product;
  Source x;
  Values y;
  std::int64_t y_stride;
  bool stream;

  void chunk(std::int64_t begin, std::int64_t end, int tile, bool with_moments, double* mean,
             double* squares) const {
    Scratch scratch;
    const GatherRoom room(scratch, product.window, tile, product.in_blocks() ? shape.out : 0);
    const auto moments = tile_moments(scratch, shape.out, with_moments);
    PartialMoments sums{0, shape.out, mean, squares};
    for (std::int64_t row = begin; row < end; row += tile) {
      const int rows = static_cast<int>(std::min<std::int64_t>(tile, end - row));
      windows.find_places(row, rows, room.places);
      multiply_windows(product, x, rows, room, [&](const Packed<float>& w, const Begun& begun) HWY_ATTR {
        with_type(y.type(), [&]<class T>() HWY_ATTR {
          multiply_to_output(rows, room.rows, room.stride, w, begun, y.as<T>() + row * y_stride, y_stride,
                             moments, stream);
        });
      });
      if (with_moments) merge_tile(moments, rows, sums);
    }
    if (stream) hwy::FlushStream();
  }
};

/// The same by lines: tiles are rows of outputs.
struct DenseByLines {
  const Dense& shape;
  const Source& x;
  Packed<float> w;
  Values y;
  std::int64_t y_stride;
  bool stream;

  void chunk(std::int64_t begin, std::int64_t end, bool with_moments, double* mean, double* squares) const {
    Scratch scratch;
    Lines lines(scratch, shape, x);
    const auto moments = tile_moments(scratch, shape.out, with_moments);
    PartialMoments sums{0, shape.out, mean, squares};
    const int rows = shape.out_width();
    for (std::int64_t row = begin; row < end; row += rows) {
      const auto* of_row = lines.of(row / rows);
      with_type(y.type(), [&]<class T>() HWY_ATTR { store<T>(of_row, row, moments); });
      if (with_moments) merge_tile(moments, rows, sums);
    }
    if (stream) hwy::FlushStream();
  }

  template <class T>
  HWY_NOINLINE void store(const float* const* lines, std::int64_t row, const TileMoments& moments) const {
    const int depth = shape.kernel_width * shape.in, a_stride = shape.stride * shape.in;
    T* to = y.as<T>() + row * y_stride;
    if (stream)
      multiply_lines(shape.out_width(), lines, shape.kernel_height, depth, a_stride, w,
                     StoreRows<T, true>{to, y_stride, shape.out, moments});
    else
      multiply_lines(shape.out_width(), lines, shape.kernel_height, depth, a_stride, w,
                     StoreRows<T, false>{to, y_stride, shape.out, moments});
  }
};

void forward_by_lines(const Dense& shape, const Source& x, const float* w, Values y, std::int64_t y_stride,
                      const Moments& moments, const ForEach& each) {
  Scratch scratch;
  const int depth = shape.kernel_height * shape.kernel_width * shape.in;
  const std::int64_t rows = std::int64_t(shape.images) * shape.out_height() * shape.out_width();
  float* panels = scratch.floats(Packed<float>::size(depth, shape.out));
  pack(w, 1, depth, 0, depth, depth, shape.out, panels);
  const bool with_moments = moments.mean != nullptr;
  const DenseByLines work{shape, x,        {panels, depth, shape.out},
                          y,     y_stride, streams(y, y_stride, rows, shape.out)};
  const auto chunks = cut(rows, shape.out_width(), shape.out_width());
  ChunkPairs parts(scratch, chunks.count, with_moments ? shape.out : 0);
  each(chunks.count, [&](std::int64_t i) {
    work.chunk(chunks.begin(i), chunks.end(i), with_moments, parts.first(i), parts.second(i));
  });
  if (with_moments) parts.merge_into(moments, chunks);
}

void forward_dense(const Dense& shape, const Source& x, const float* w, Values y, std::int64_t y_stride,
                   const Moments& moments, const ForEach& each) {
  if (lie_in_lines(shape)) return forward_by_lines(shape, x, w, y, y_stride, moments, each);
  Scratch scratch;
  const Windows windows = forward_windows(shape, x);
  const Window& window = windows.window;
  const bool with_moments = moments.mean != nullptr;
  float* panels = scratch.floats(WindowProduct::floats(window, shape.out));
  const WindowProduct product{window, shape.out, panels};
  for (int b = 0; b < window.blocks(); ++b)
    pack(w + window.first_column(b), 1, std::int64_t(window.pixels()) * shape.in, 0, window.depth(b),
         window.depth(b), shape.out, panels + Packed<float>::size(window.first_column(b), shape.out));
  const DenseForward work{shape,
                          windows,
                          product,
                          for_segments(scratch, window, x),
                          y,
                          y_stride,
                          streams(y, y_stride, windows.rows(), shape.out)};
  const int tile = tile_rows(window.largest_depth(), shape.out);
  const auto chunks = cut(windows.rows(), tile, tile);
  ChunkPairs parts(scratch, chunks.count, with_moments ? shape.out : 0);
  each(chunks.count, [&](std::int64_t i) {
    work.chunk(chunks.begin(i), chunks.end(i), tile, with_moments, parts.first(i), parts.second(i));
  });
  if (with_moments) parts.merge_into(moments, chunks);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(forward_dense);

void dense_forward(const Dense& shape, const Source& x, const float* w, Values y, std::int64_t y_stride,
                   const Moments& moments, const ForEach& each) {
  instruction_set();
  HWY_DYNAMIC_DISPATCH(forward_dense)(shape, x, w, y, y_stride, moments, each);
}

}  // namespace ablate::kernels
#endif
