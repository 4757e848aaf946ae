#pragma once

#include <span>

#include "harness/kernels/convolution.h"
#include "harness/kernels/elementwise.h"

/// The kernels in their plainest form: loops over pixels and channels, in double. What the fast ones are
/// compared with. Maps that are read are of either type, maps that are written are float32.
namespace ablate::kernels::oracle {

void dense_forward(const Dense& shape, const Source& x, const float* w, float* y, std::int64_t y_stride,
                   const Moments& moments);
void dense_backward(const Dense& shape, const GradientIn& d, const Source& x, const float* w,
                    const GradientOut& dx, float* dw);
void depthwise_forward(const Depthwise& shape, const Source& x, const float* w, float* y,
                       std::int64_t y_stride, const Moments& moments);
void depthwise_backward(const Depthwise& shape, const GradientIn& d, const Source& x, const float* w,
                        const GradientOut& dx, float* dw);
/// Rounded to bfloat16, to nearest even.
double as_half(double value);

/// From bfloat16 to bfloat16 the factors are rounded. y_type: what the kernel is given for y.
void pointwise_forward(const Pointwise& shape, const Source& x, const float* w, float* y,
                       std::int64_t y_stride, const Moments& moments, Type y_type = Type::Float32);
void pointwise_backward(const Pointwise& shape, const GradientIn& d, const Source& x, const float* w,
                        const GradientOut& dx, float* dw);

void sum_forward(std::int64_t rows, int channels, std::span<const Source> sources, float* out,
                 std::int64_t out_stride);
void pass_gradient(std::int64_t rows, int channels, ConstValues g, std::int64_t g_stride, const Source& x,
                   const GradientOut& dx);
void moments_of(std::int64_t rows, int channels, const Source& x, const Moments& moments);
void gate_forward(const Gate& shape, const Source& x, const Source& gate, float* out,
                  std::int64_t out_stride);
void gate_backward(const Gate& shape, ConstValues g, std::int64_t g_stride, const Source& x,
                   const Source& gate, const GradientOut& dx, const GradientOut& dgate);
void pool_forward(const Pool& shape, const Source& x, float* out, std::int64_t out_stride);
void pool_backward(const Pool& shape, ConstValues g, std::int64_t g_stride, const Source& x,
                   const GradientOut& dx);
void max_pool_forward(const MaxPool& shape, const Source& x, float* out, std::int64_t out_stride);
void max_pool_backward(const MaxPool& shape, ConstValues g, std::int64_t g_stride, const Source& x,
                       const GradientOut& dx);
void interleave_forward(std::int64_t rows, int channels, const Source& a, const Source& b, float* out,
                        std::int64_t out_stride);
void interleave_backward(std::int64_t rows, int channels, ConstValues g, std::int64_t g_stride,
                         const Source& a, const Source& b, const GradientOut& da, const GradientOut& db);

}  // namespace ablate::kernels::oracle
