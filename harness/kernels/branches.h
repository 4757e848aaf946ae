#pragma once

#include <span>

#include "harness/kernels/convolution.h"
#include "harness/kernels/maps.h"

/// Depthwise convolutions of stride 2 of one input, each with its BatchNorm: all are worked on at once, and
/// what they give is never stored. Where the outputs are much fewer than the pixels this is less work than
/// the covariance of the taps (taps.h).
namespace ablate::kernels {

/// One of them: of the shape's kernel, w [C, kernel height, kernel width], or of its middle alone, w [C].
struct DepthwiseBranch {
  const float* w = nullptr;
  bool point = false;
};

/// centre [C]: a value near each channel's mean, that of some pixels. mean, variance [branches, C]: of what
/// each makes of the input less its centre, which beyond the border is zero less the centre.
void branch_moments(const Depthwise& shape, const Source& x, std::span<const DepthwiseBranch> branches,
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
