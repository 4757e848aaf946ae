#include "harness/kernels/weight_rows.h"

#include "harness/kernels/isa.h"
#include "harness/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/weight_rows.cpp"
#include <hwy/foreach_target.h>
//
#include "harness/kernels/tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {
namespace {

/// The sum of a[i] * b[i]: as many sums at a time as make vectors of any width.
template <class B>
HWY_INLINE double dot(const float* HWY_RESTRICT a, const B* HWY_RESTRICT b, int count) {
  constexpr int kParts = 16;
  double parts[kParts] = {};
  int i = 0;
  for (; i + kParts <= count; i += kParts)
    for (int p = 0; p < kParts; ++p) parts[p] += double(a[i + p]) * double(b[i + p]);
  for (; i < count; ++i) parts[0] += double(a[i]) * double(b[i]);
  for (int half = kParts / 2; half > 0; half /= 2)
    for (int p = 0; p < half; ++p) parts[p] += parts[p + half];
  return parts[0];
}

constexpr int kTile = 64;  // rows that are multiplied at a time

}  // namespace

void dot_rows_here(std::int64_t rows, int columns, const float* a, const float* b, double* to) {
  for (std::int64_t r = 0; r < rows; ++r) to[r] = dot(a + r * columns, b + r * columns, columns);
}

void dot_row_here(std::int64_t rows, int columns, const float* a, const double* b, double* to) {
  for (std::int64_t r = 0; r < rows; ++r) to[r] = dot(a + r * columns, b, columns);
}

void add_rows_here(int terms, std::int64_t rows, int columns, const double* factors, const float* a,
                   float* to) {
  Scratch scratch;
  double* HWY_RESTRICT sum = scratch.doubles(columns);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::fill_n(sum, columns, 0.0);
    for (int t = 0; t < terms; ++t) {
      const double factor = factors[t * rows + r];
      const float* HWY_RESTRICT from = a + (t * rows + r) * columns;
      for (int c = 0; c < columns; ++c) sum[c] += factor * from[c];
    }
    std::copy_n(sum, columns, to + r * columns);
  }
}

void subtract_rows_here(std::int64_t rows, int columns, const double* a_factors, const float* a,
                        const double* b_factors, const float* b, float* to) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const double of_a = a_factors[r], of_b = b_factors[r];
    const float *HWY_RESTRICT x = a + r * columns, *HWY_RESTRICT y = b + r * columns;
    float* HWY_RESTRICT row = to + r * columns;
    for (int c = 0; c < columns; ++c) row[c] = static_cast<float>(of_a * x[c] - of_b * y[c]);
  }
}

/// The lower half is copied from the upper one.
void weighted_squares_here(std::int64_t rows, int columns, const float* factors, const float* a, float* to) {
  Scratch scratch;
  const int stride = tile_stride(columns), sums_stride = round_up(columns, kLanes);
  float *scaled = scratch.floats(std::int64_t(kTile) * stride + kLanes),
        *plain = scratch.floats(std::int64_t(kTile) * stride + kLanes);
  float* sums = scratch.zeros<float>(std::int64_t(round_up(columns, 8)) * sums_stride);
  for (std::int64_t first = 0; first < rows; first += kTile) {
    const int count = static_cast<int>(std::min<std::int64_t>(kTile, rows - first));
    for (int r = 0; r < count; ++r) {
      const float* HWY_RESTRICT from = a + (first + r) * columns;
      const float factor = factors[first + r];
      float *HWY_RESTRICT x = scaled + std::int64_t(r) * stride,
                          *HWY_RESTRICT y = plain + std::int64_t(r) * stride;
      for (int c = 0; c < columns; ++c) x[c] = factor * from[c], y[c] = from[c];
    }
    multiply_upper_columns(count, scaled, plain, columns, stride, sums, sums_stride, {});
  }
  for (int c = 0; c < columns; ++c)
    for (int other = c; other < columns; ++other)
      to[std::int64_t(c) * columns + other] = to[std::int64_t(other) * columns + c] =
          sums[std::int64_t(c) * sums_stride + other];
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(dot_rows_here);
HWY_EXPORT(dot_row_here);
HWY_EXPORT(add_rows_here);
HWY_EXPORT(subtract_rows_here);
HWY_EXPORT(weighted_squares_here);

void dot_rows(std::int64_t rows, int columns, const float* a, const float* b, double* to) {
  instruction_set();
  HWY_DYNAMIC_DISPATCH(dot_rows_here)(rows, columns, a, b, to);
}

void dot_rows(std::int64_t rows, int columns, const float* a, const double* b, double* to) {
  instruction_set();
  HWY_DYNAMIC_DISPATCH(dot_row_here)(rows, columns, a, b, to);
}

void add_rows(int terms, std::int64_t rows, int columns, const double* factors, const float* a, float* to) {
  instruction_set();
  HWY_DYNAMIC_DISPATCH(add_rows_here)(terms, rows, columns, factors, a, to);
}

void subtract_rows(std::int64_t rows, int columns, const double* a_factors, const float* a,
                   const double* b_factors, const float* b, float* to) {
  instruction_set();
  HWY_DYNAMIC_DISPATCH(subtract_rows_here)(rows, columns, a_factors, a, b_factors, b, to);
}

void weighted_squares(std::int64_t rows, int columns, const float* factors, const float* a, float* to) {
  instruction_set();
  HWY_DYNAMIC_DISPATCH(weighted_squares_here)(rows, columns, factors, a, to);
}

}  // namespace ablate::kernels
#endif
