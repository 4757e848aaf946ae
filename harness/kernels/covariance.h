#pragma once

#include "harness/kernels/maps.h"

namespace ablate::kernels {

/// Mean [C] and covariance [C, C] of a map's values over its rows, divided by their number. What is summed is
/// relative to a value near each mean, so that they hold at mean / deviation = 1000. Where bfloat16 is
/// multiplied, what is left of a value without the mean is rounded to it.
void covariance_of(std::int64_t rows, int channels, const Source& x, double* mean, float* covariance,
                   const ForEach& each);

/// dx gets (x as read, less the centre [C]) * curvature [C, C], masked by x's activation.
void curvature_backward(std::int64_t rows, int channels, const Source& x, const float* centre,
                        const float* curvature, const GradientOut& dx, const ForEach& each);

}  // namespace ablate::kernels
