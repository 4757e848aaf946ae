#pragma once

#include <ATen/core/Tensor.h>

namespace ablate::ingredients {

/// Brings all singular values of a matrix near 1 (0.7 to 1.2): the quintic Newton-Schulz iteration of Jordan
/// et al. 2024
/// ("Muon"), X <- a X + (b A + c A A) X with A = X X^T, on the matrix over its Frobenius norm.
at::Tensor newton_schulz(const at::Tensor& matrix, int steps);

}  // namespace ablate::ingredients
