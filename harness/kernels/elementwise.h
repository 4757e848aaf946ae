#pragma once

#include <cstdint>
#include <span>

#include "harness/kernels/maps.h"

namespace ablate::kernels {

/// out [rows, channels] = the sum of the sources as read (any activation).
void sum_forward(std::int64_t rows, int channels, std::span<const Source> sources, Values out,
                 std::int64_t out_stride, const ForEach& each);

/// Passes g [rows, channels] on to one source: dx gets g * act'(z), and its sums.
void pass_gradient(std::int64_t rows, int channels, ConstValues g, std::int64_t g_stride, const Source& x,
                   const GradientOut& dx, const ForEach& each);

/// The gradient g [rows, channels] of the sum of several maps y, which lie side by side, [rows, maps *
/// channels]: each map's own gradient is g. Both are of the same type.
struct SharedGradient {
  std::int64_t rows = 0;
  int channels = 0, maps = 1;
  ConstValues g;
  std::int64_t g_stride = 0;
  ConstValues y;
  std::int64_t y_stride = 0;
  const float* centre = nullptr;  // [maps * channels]
};
/// What the maps' BatchNorms need of it: sum[c] += g, dot[c] += g * (y - centre[c]), [maps * channels] each.
void shared_gradient_sums(const SharedGradient& all, double* sum, double* dot, const ForEach& each);

/// The moments of a source as read.
void moments_of(std::int64_t rows, int channels, const Source& x, const Moments& moments,
                const ForEach& each);

/// A map [images, height, width, channels] times a gate of another size, spread to it by nearest neighbour:
/// source row floor(h * gate_height / height), likewise the column. 1x1 is a gate a channel
/// (squeeze-and-excite).
struct Gate {
  int images = 0, height = 0, width = 0, channels = 0, gate_height = 1, gate_width = 1;
};

void gate_forward(const Gate& shape, const Source& x, const Source& gate, Values out, std::int64_t out_stride,
                  const ForEach& each);
/// g is the gradient of the product; dx and dgate get their parts, the gate's summed over the pixels it
/// spread to.
void gate_backward(const Gate& shape, ConstValues g, std::int64_t g_stride, const Source& x,
                   const Source& gate, const GradientOut& dx, const GradientOut& dgate, const ForEach& each);

/// Means over windows of kernel x kernel pixels, `kernel` apart, no padding; pixels beyond the last whole
/// window are not read (their gradient is the base, or zero).
struct Pool {
  int images = 0, height = 0, width = 0, channels = 0;
  int kernel_height = 2, kernel_width = 2;
  int out_height() const { return height / kernel_height; }
  int out_width() const { return width / kernel_width; }
};

void pool_forward(const Pool& shape, const Source& x, Values out, std::int64_t out_stride,
                  const ForEach& each);
void pool_backward(const Pool& shape, ConstValues g, std::int64_t g_stride, const Source& x,
                   const GradientOut& dx, const ForEach& each);

/// The largest values of windows of kernel x kernel pixels, `stride` apart, over a map with a border that
/// never counts. The gradient goes to the first of equal ones in row-major order; NaN counts as largest.
struct MaxPool {
  int images = 0, height = 0, width = 0, channels = 0;
  int kernel = 3, stride = 2, padding = 1;  // of both axes; padding: less than kernel
  int out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  int out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
};

void max_pool_forward(const MaxPool& shape, const Source& x, Values out, std::int64_t out_stride,
                      const ForEach& each);
void max_pool_backward(const MaxPool& shape, ConstValues g, std::int64_t g_stride, const Source& x,
                       const GradientOut& dx, const ForEach& each);

/// The channels of two maps in turn: out[2c] = a[c], out[2c + 1] = b[c] (concatenation, then a shuffle of two
/// groups). `channels` are those of a, and of b.
void interleave_forward(std::int64_t rows, int channels, const Source& a, const Source& b, Values out,
                        std::int64_t out_stride, const ForEach& each);
void interleave_backward(std::int64_t rows, int channels, ConstValues g, std::int64_t g_stride,
                         const Source& a, const Source& b, const GradientOut& da, const GradientOut& db,
                         const ForEach& each);

}  // namespace ablate::kernels
