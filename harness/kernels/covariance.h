#pragma once

#include "harness/kernels/maps.h"

namespace ablate::kernels {

/// Mean [C] and covariance [C, C] of a map's values over its rows, divided by their number. What is summed is
/// relative to a value near each mean, so that they hold at mean / deviation = 1000. x is read as it lies
/// (without scale); where bfloat16 is multiplied, what is left of a value without the mean is rounded to it.
void covariance_of(std::int64_t rows, int channels, const Source& x, double* mean, float* covariance,
                   const ForEach& each);

}  // namespace ablate::kernels
