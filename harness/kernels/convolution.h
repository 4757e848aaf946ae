#pragma once

#include <hwy/aligned_allocator.h>

#include <cstddef>
#include <cstdint>

#include "harness/kernels/maps.h"

namespace ablate::kernels {

/// A 1x1 convolution (or a linear layer): y [rows, out] = x [rows, in] * w^T, w [out, in].
struct Pointwise {
  std::int64_t rows = 0;
  int in = 0, out = 0;
};

/// The weights w [out, in] of a pointwise convolution as its forward kernel multiplies them, to be used for
/// several maps, whatever their rows, that are stored as x and y.
class PackedWeights {
 public:
  PackedWeights(const Pointwise& shape, const float* w, Type x, Type y);
  const std::byte* data() const { return bytes_.get(); }

 private:
  hwy::AlignedFreeUniquePtr<std::byte[]> bytes_;
};

/// A map [rows, out] in float32 whose channels take turns with those of an output, which begin with its own:
/// y [rows, 2 out].
struct Turns {
  const float* first = nullptr;  // null: none
  std::int64_t stride = 0;
};

/// Writes y (row stride `y_stride`), finished, or the moments of its columns. x.act: None, Relu or Relu6.
/// `turns`: only of a finished y in float32.
void pointwise_forward(const Pointwise& shape, const Source& x, const float* w, Values y,
                       std::int64_t y_stride, const Moments& moments, const ForEach& each);
void pointwise_forward(const Pointwise& shape, const Source& x, const PackedWeights& w, Values y,
                       std::int64_t y_stride, const Moments& moments, const ForEach& each,
                       const Finish& finish = {}, const Turns& turns = {});

/// dx gets d * w, masked by x's activation; dw [out, in] = d^T * (x as read, less the centre [in] if there is
/// one), overwritten (null: not wanted).
void pointwise_backward(const Pointwise& shape, const GradientIn& d, const Source& x, const float* w,
                        const GradientOut& dx, float* dw, const ForEach& each, const float* centre = nullptr);

/// A depthwise convolution with padding kernel / 2: output height (height - 1) / stride + 1, likewise its
/// width. Kernels 1x1, 1x3, 3x1, 3x3, 1x5, 5x1, 5x5; stride 1 or 2. w [channels, kernel_height,
/// kernel_width].
struct Depthwise {
  int images = 0, height = 0, width = 0, channels = 0;
  int kernel_height = 3, kernel_width = 3, stride = 1;
  int out_height() const { return (height - 1) / stride + 1; }
  int out_width() const { return (width - 1) / stride + 1; }
};

void depthwise_forward(const Depthwise& shape, const Source& x, const float* w, Values y,
                       std::int64_t y_stride, const Moments& moments, const ForEach& each,
                       const Finish& finish = {});
void depthwise_backward(const Depthwise& shape, const GradientIn& d, const Source& x, const float* w,
                        const GradientOut& dx, float* dw, const ForEach& each);

/// A convolution over all channels, with any kernel, stride and padding. w [out, kernel_height, kernel_width,
/// in].
struct Dense {
  int images = 0, height = 0, width = 0, in = 0, out = 0;
  int kernel_height = 3, kernel_width = 3, stride = 1, pad_height = 1, pad_width = 1;
  int out_height() const { return (height + 2 * pad_height - kernel_height) / stride + 1; }
  int out_width() const { return (width + 2 * pad_width - kernel_width) / stride + 1; }
};

void dense_forward(const Dense& shape, const Source& x, const float* w, Values y, std::int64_t y_stride,
                   const Moments& moments, const ForEach& each);
void dense_backward(const Dense& shape, const GradientIn& d, const Source& x, const float* w,
                    const GradientOut& dx, float* dw, const ForEach& each);

}  // namespace ablate::kernels
