#pragma once

#include "harness/kernels/convolution.h"
#include "harness/kernels/maps.h"

/// A depthwise convolution seen from its taps: tap t of output p sees x_t(p), the input as read at one place,
/// or zero beyond the border. Several convolutions of one input, each with its own BatchNorm, are one as soon
/// as the mean and covariance of the taps are known. Taps are the pixels of the kernel in their order.
namespace ablate::kernels {

/// Over all outputs, per channel. The centre is a value near the channel's mean, that of some pixels: what is
/// summed is relative to it, so that the covariance holds at mean / deviation = 1000.
struct TapMoments {
  float* centre = nullptr;       // [C]
  double* mean = nullptr;        // [C, taps]
  double* covariance = nullptr;  // [C, taps, taps], divided by the number of outputs
};

/// Of a shape of stride 1.
void tap_moments(const Depthwise& shape, const Source& x, const TapMoments& moments, const ForEach& each);

/// products [C, taps] = the sum over outputs p of dz(p) * (x_t(p) - centre); dz [outputs, C].
void tap_products(const Depthwise& shape, ConstValues dz, std::int64_t dz_stride, const Source& x,
                  const float* centre, double* products, const ForEach& each);

/// The gradient of an input: every output p gives the pixel that its tap t sees
///   kernel_t dz(p) + constant_t - sum over taps u of curvature_tu (x_u(p) - centre).
struct TapGradient {
  const float *kernel = nullptr, *constant = nullptr;  // [C, taps]
  const float* curvature = nullptr;                    // [C, taps, taps], symmetric
  const float* centre = nullptr;                       // [C]
};

/// dx gets that, masked by x's activation. Of a shape of stride 1.
void tap_backward(const Depthwise& shape, ConstValues dz, std::int64_t dz_stride, const Source& x,
                  const TapGradient& gradient, const GradientOut& dx, const ForEach& each);

}  // namespace ablate::kernels
