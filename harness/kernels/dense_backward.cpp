#include "harness/kernels/convolution.h"
#include "harness/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/dense_backward.cpp"
#include <hwy/foreach_target.h>
//
#include "harness/kernels/lines-inl.h"
#include "harness/kernels/sums-inl.h"
#include "harness/kernels/tiles-inl.h"
#include "harness/kernels/windows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {
namespace {

/// The rows of d from `row` on, for a product to fetch.
AheadRows rows_ahead(const GradientIn& d, std::int64_t row, int columns) {
  const auto dz = d.dz + row * d.stride;
  if (!d.c1) return {dz, dz, d.stride, d.stride, columns};
  return {dz, d.y + row * d.y_stride, d.stride, d.y_stride, columns};
}

/// dw: the windows of the forward pass times d.
struct DenseWeights {
  const Dense& shape;
  const Windows& windows;
  const GradientIn& d;
  Source x;

  WeightSums of_block(int b) const { return {shape.out, windows.window.depth(b)}; }
  std::int64_t floats_of_block() const { return of_block(0).floats(); }
  std::int64_t floats() const { return windows.window.blocks() * floats_of_block(); }

  void chunk(std::int64_t begin, std::int64_t end, int tile, float* sums) const {
    Scratch scratch;
    FloatTile<false> d_tile(scratch, tile, shape.out, {});
    const GatherRoom room(scratch, windows.window, tile, 0);
    std::fill_n(sums, floats(), 0.0f);
    for (std::int64_t row = begin; row < end; row += tile) {
      const int rows = static_cast<int>(std::min<std::int64_t>(tile, end - row));
      d_tile.load(d, row, rows);
      windows.find_places(row, rows, room.places);
      for (int b = 0; b < windows.window.blocks(); ++b) {
        gather(windows.window, x, room.places, rows, b, room.rows, room.stride);
        of_block(b).add_rows(
            rows, d_tile.over_pixels(), d_tile.pixels_stride(), room.rows, room.stride,
            sums + b * floats_of_block(),
            b == 0 && row + 2 * tile <= end ? rows_ahead(d, row + tile, shape.out) : AheadRows());
      }
    }
  }

  void write(float* sums, int chunks, float* dw) const {
    const Window& window = windows.window;
    for (int b = 0; b < window.blocks(); ++b)
      of_block(b).write(sums + b * floats_of_block(), chunks, floats(), dw + window.first_column(b),
                        std::int64_t(window.pixels()) * shape.in);
  }
};

/// The same where windows lie in lines: tiles are rows of outputs, and of each of its lines a window is a
/// row of a matrix.
struct DenseWeightsByLines {
  const Dense& shape;
  const GradientIn& d;
  const Source& x;

  /// Every tile reads and writes all sums, so they should be few beside a row of outputs.
  static bool pays(const Dense& shape) {
    return lie_in_lines(shape) && shape.kernel_width * shape.in <= kMostDepth;
  }

  int depth() const { return shape.kernel_width * shape.in; }  // of a window's line
  WeightSums of_line() const { return {shape.out, depth()}; }
  std::int64_t floats() const { return shape.kernel_height * of_line().floats(); }

  void chunk(std::int64_t begin, std::int64_t end, int tile, float* sums) const {
    Scratch scratch;
    FloatTile<false> d_tile(scratch, tile, shape.out, {});
    Lines lines(scratch, shape, x);
    const WeightSums weights = of_line();
    std::fill_n(sums, floats(), 0.0f);
    for (std::int64_t row = begin; row < end; row += tile) {
      const auto* of_row = lines.of(row / tile);
      d_tile.load(d, row, tile);
      for (int l = 0; l < shape.kernel_height; ++l)
        weights.add_rows(tile, d_tile.over_pixels(), d_tile.pixels_stride(), of_row[l],
                         shape.stride * shape.in, sums + l * weights.floats(),
                         l == 0 && row + tile < end ? rows_ahead(d, row + tile, shape.out) : AheadRows());
    }
  }

  void write(float* sums, int chunks, float* dw) const {
    for (int l = 0; l < shape.kernel_height; ++l)
      of_line().write(sums + l * of_line().floats(), chunks, floats(), dw + std::int64_t(l) * depth(),
                      std::int64_t(shape.kernel_height) * depth());
  }

  static constexpr int kMostDepth = 48;
};

/// The rows of outputs cut into tiles, their sums into dw.
template <class Work>
void sum_weights(const Work& work, std::int64_t rows, int tile, float* dw, const ForEach& each) {
  Scratch scratch;
  const auto chunks = cut_for_weights(rows, tile, work.floats());
  float* sums = scratch.floats(chunks.count * work.floats());
  each(chunks.count,
       [&](std::int64_t i) { work.chunk(chunks.begin(i), chunks.end(i), tile, sums + i * work.floats()); });
  work.write(sums, chunks.count, dw);
}

void dense_weights(const Dense& shape, const GradientIn& d, const Source& x, float* dw, const ForEach& each) {
  const Windows windows = forward_windows(shape, x);
  if (DenseWeightsByLines::pays(shape))
    return sum_weights(DenseWeightsByLines{shape, d, x}, windows.rows(), shape.out_width(), dw, each);
  Scratch scratch;
  const DenseWeights work{shape, windows, d, for_segments(scratch, windows.window, x)};
  sum_weights(work, windows.rows(), tile_rows(windows.window.largest_depth(), shape.out), dw, each);
}

/// Along one axis, the pixels of x at `first`, first + stride, ...: the kernel's taps that reach them, last
/// first, read pixels of d that adjoin.
struct Taps {
  Taps(int first, int stride, int pad, int kernel) {
    const int least = (first + pad) % stride;
    count = least < kernel ? (kernel - least + stride - 1) / stride : 0;
    last = least + (count - 1) * stride;
    start = count ? (first + pad - last) / stride : 0;
  }
  int count, last;
  int start;  // the first pixel of d
};

/// dx of the pixels at (row, column) and every stride from there: windows over d times w.
struct DenseGradient {
  DenseGradient(const Dense& shape_, const GradientIn& d, int row_, int column_)
      : shape(shape_),
        row(row_),
        column(column_),
        down(row_, shape_.stride, shape_.pad_height, shape_.kernel_height),
        across(column_, shape_.stride, shape_.pad_width, shape_.kernel_width) {
    windows.window = {shape.out_height(), shape.out_width(),
                      shape.out,          down.count,
                      across.count,       d.stride == shape.out && (!d.c1 || d.y_stride == shape.out)};
    windows.images = shape.images;
    windows.height = (shape.height - row + shape.stride - 1) / shape.stride;
    windows.width = (shape.width - column + shape.stride - 1) / shape.stride;
    windows.top = down.start, windows.left = across.start;
  }

  WindowProduct packed(Scratch& scratch, const float* w) const {
    const Window& window = windows.window;
    float* panels = scratch.floats(WindowProduct::floats(window, shape.in));
    const int taps = shape.kernel_height * shape.kernel_width;
    for (int b = 0; b < window.blocks(); ++b) {
      const int first = window.first_column(b) / shape.out, end = window.first_column(b + 1) / shape.out;
      for (int p = first; p < end; ++p) {
        const int line = down.last - p / across.count * shape.stride;
        const int tap = line * shape.kernel_width + across.last - p % across.count * shape.stride;
        pack(w + std::int64_t(tap) * shape.in, std::int64_t(taps) * shape.in, 1, (p - first) * shape.out,
             shape.out, window.depth(b), shape.in,
             panels + Packed<float>::size(window.first_column(b), shape.in));
      }
    }
    return {window, shape.in, panels};
  }

  void find_pixels(std::int64_t first, int rows, std::int64_t* pixels) const {
    windows.for_points(first, rows, [&](int r, std::int64_t image, int i, int j) {
      pixels[r] = (image * shape.height + row + i * shape.stride) * shape.width + column + j * shape.stride;
    });
  }

  void chunk(std::int64_t begin, std::int64_t end, int tile, const WindowProduct& product,
             const GradientIn& d, const Source& x, const GradientOut& dx, bool stream, double* sum,
             double* dot) const {
    Scratch scratch;
    const GatherRoom room(scratch, product.window, tile, product.in_blocks() ? shape.in : 0);
    auto* pixels = scratch.take<std::int64_t>(tile);
    const GradientSums sums(scratch, shape.in, dx.sum != nullptr);
    for (std::int64_t at = begin; at < end; at += tile) {
      const int rows = static_cast<int>(std::min<std::int64_t>(tile, end - at));
      windows.find_places(at, rows, room.places);
      find_pixels(at, rows, pixels);
      multiply_windows(product, d, rows, room, [&](const Packed<float>& w, const Begun& begun) HWY_ATTR {
        with_type(x.data.type(), [&]<class T>() HWY_ATTR {
          const GradientTile<Listed> to{x, dx, {pixels}, sums.sum, sums.dot, 0};
          multiply_to_gradient<T>(rows, room.rows, room.stride, w, begun, to, stream);
        });
      });
      sums.add_to(shape.in, sum, dot);
    }
    if (stream) hwy::FlushStream();
  }

  const Dense& shape;
  int row, column;
  Taps down, across;
  Windows windows;
};

void dense_gradient(const DenseGradient& work, const GradientIn& d, const Source& x, const float* w,
                    const GradientOut& dx, const ForEach& each) {
  Scratch scratch;
  const Dense& shape = work.shape;
  const Window& window = work.windows.window;
  const WindowProduct product = work.packed(scratch, w);
  const GradientIn in_segments = for_segments(scratch, window, d);
  const int tile = tile_rows(window.largest_depth(), shape.in);
  const auto chunks = cut(work.windows.rows(), tile, tile);
  ChunkPairs parts(scratch, chunks.count, dx.sum ? shape.in : 0);
  const bool stream = streams(dx, std::int64_t(shape.images) * shape.height * shape.width, shape.in);
  each(chunks.count, [&](std::int64_t i) {
    work.chunk(chunks.begin(i), chunks.end(i), tile, product, in_segments, x, dx, stream, parts.first(i),
               parts.second(i));
  });
  if (dx.sum) parts.add_to(dx.sum, dx.dot);
}

void backward_dense(const Dense& shape, const GradientIn& d, const Source& x, const float* w,
                    const GradientOut& dx, float* dw, const ForEach& each) {
  if (dw) dense_weights(shape, d, x, dw, each);
  if (!dx.data && !dx.sum) return;
  for (int row = 0; row < std::min(shape.stride, shape.height); ++row)
    for (int column = 0; column < std::min(shape.stride, shape.width); ++column)
      dense_gradient(DenseGradient(shape, d, row, column), d, x, w, dx, each);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(backward_dense);

void dense_backward(const Dense& shape, const GradientIn& d, const Source& x, const float* w,
                    const GradientOut& dx, float* dw, const ForEach& each) {
  instruction_set();
  HWY_DYNAMIC_DISPATCH(backward_dense)(shape, d, x, w, dx, dw, each);
}

}  // namespace ablate::kernels
#endif
