#pragma once

#include <span>

#include "harness/kernels/convolution.h"
#include "harness/kernels/maps.h"

/// Depthwise convolutions of stride 2 of one input, each with its BatchNorm: all are worked on at once, and
/// what they give is never stored. Where the outputs are much fewer than the pixels this is less work than
/// the covariance of the taps (taps.h).
namespace ablate::kernels {

/// branches: the weights of each, [C, kernel height, kernel width]. centre [C]: a value near each channel's
/// mean, that of some pixels. mean, variance [branches + 1, C]: of what each makes of the input less its
/// centre, which beyond the border is zero less the centre; the last of what the middle of the kernels sees.
void branch_moments(const Depthwise& shape, const Source& x, std::span<const float* const> branches,
                    float* centre, double* mean, double* variance, const ForEach& each);

/// With y what a branch of weights w makes of the input less its centre, its gradient is d = c1[c] * dz +
/// c2[c] * y + c3[c].
struct BranchGradient {
  const float* w = nullptr;                                 // [C, kernel height, kernel width]
  const float *c1 = nullptr, *c2 = nullptr, *c3 = nullptr;  // [C]
  float* dw = nullptr;  // like w: the sum of d * (x - centre); null: not wanted
};

/// What convolutions of the middle alone give the pixels they see: c1[c] * dz + c2[c] * (x - centre) + c3[c],
/// of all of them together.
struct MiddleGradient {
  const float *c1 = nullptr, *c2 = nullptr, *c3 = nullptr;  // [C]; null: there are none
};

/// dx gets the gradients that all branches give, masked by x's activation.
void branch_backward(const Depthwise& shape, ConstValues dz, std::int64_t dz_stride, const Source& x,
                     const float* centre, std::span<const BranchGradient> branches,
                     const MiddleGradient& middle, const GradientOut& dx, const ForEach& each);

}  // namespace ablate::kernels
