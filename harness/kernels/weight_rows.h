#pragma once

#include <cstdint>

namespace ablate::kernels {

/// Matrices of weights [rows, columns] in float32, row by row, with sums in double: what folds the branches
/// of a 1x1 convolution into one.

/// to[r] = sum over the columns of a[r] * b[r].
void dot_rows(std::int64_t rows, int columns, const float* a, const float* b, double* to);
/// The same with one row [columns] for all.
void dot_rows(std::int64_t rows, int columns, const float* a, const double* b, double* to);

/// to = sum over the terms of factors[t, r] * a[t, r], with factors [terms, rows] and a [terms, rows,
/// columns].
void add_rows(int terms, std::int64_t rows, int columns, const double* factors, const float* a, float* to);

/// to[r] = a_factors[r] * a[r] - b_factors[r] * b[r].
void subtract_rows(std::int64_t rows, int columns, const double* a_factors, const float* a,
                   const double* b_factors, const float* b, float* to);

/// to [columns, columns] = sum over the rows of factors[r] * a[r]^T * a[r], in float32.
void weighted_squares(std::int64_t rows, int columns, const float* factors, const float* a, float* to);

}  // namespace ablate::kernels
