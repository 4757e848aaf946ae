#include "harness/kernels/weight_rows.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tests/kernels/test_maps.h"

namespace ablate::kernels {
namespace {

/// Calls body(rows, columns) for shapes with and without remainders.
void for_matrices(const std::function<void(int, int)>& body) {
  for_instruction_sets([&] {
    for (const int rows : {1, 7, 64, 130})
      for (const int columns : {1, 15, 16, 33, 112}) body(rows, columns);
  });
}

std::vector<double> doubles(Numbers& numbers, int count) {
  const auto values = numbers.normals(count);
  return {values.begin(), values.end()};
}

TEST(WeightRows, DotsAreTakenInDouble) {
  for_matrices([](int rows, int columns) {
    Numbers numbers(1);
    const auto a = numbers.normals(rows * columns), b = numbers.normals(rows * columns);
    const auto one = doubles(numbers, columns);
    std::vector<double> of_rows(rows, 99), of_one(rows, 99);
    dot_rows(rows, columns, a.data(), b.data(), of_rows.data());
    dot_rows(rows, columns, a.data(), one.data(), of_one.data());
    for (int r = 0; r < rows; ++r) {
      double expected = 0, expected_of_one = 0;
      for (int c = 0; c < columns; ++c) {
        expected += double(a[r * columns + c]) * double(b[r * columns + c]);
        expected_of_one += double(a[r * columns + c]) * one[c];
      }
      ASSERT_NEAR(of_rows[r], expected, 1e-13 * columns);
      ASSERT_NEAR(of_one[r], expected_of_one, 1e-13 * columns);
    }
  });
}

TEST(WeightRows, TermsAreAddedEachWithItsFactors) {
  for_matrices([](int rows, int columns) {
    constexpr int kTerms = 3;
    Numbers numbers(2);
    const auto a = numbers.normals(kTerms * rows * columns);
    const auto factors = doubles(numbers, kTerms * rows);
    std::vector<float> to(std::size_t(rows) * columns, 99);
    add_rows(kTerms, rows, columns, factors.data(), a.data(), to.data());
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < columns; ++c) {
        double expected = 0;
        for (int t = 0; t < kTerms; ++t) expected += factors[t * rows + r] * a[(t * rows + r) * columns + c];
        ASSERT_NEAR(to[r * columns + c], expected, 1e-6);
      }
  });
}

TEST(WeightRows, ADifferenceIsRoundedOnce) {
  for_matrices([](int rows, int columns) {
    Numbers numbers(3);
    const auto a = numbers.normals(rows * columns);
    const std::vector<double> thousands(rows, 1000.001), thousand(rows, 1000);
    std::vector<float> to(a.size(), 99);
    subtract_rows(rows, columns, thousands.data(), a.data(), thousand.data(), a.data(), to.data());
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(to[i] / a[i], 0.001, 1e-9) << i;
  });
}

TEST(WeightRows, WeightedSquaresAreSymmetric) {
  for_matrices([](int rows, int columns) {
    Numbers numbers(4);
    const auto a = numbers.normals(rows * columns), factors = numbers.normals(rows);
    std::vector<float> to(std::size_t(columns) * columns, 99);
    weighted_squares(rows, columns, factors.data(), a.data(), to.data());
    for (int c = 0; c < columns; ++c)
      for (int other = 0; other < columns; ++other) {
        double expected = 0;
        for (int r = 0; r < rows; ++r)
          expected += double(factors[r]) * a[r * columns + c] * a[r * columns + other];
        ASSERT_NEAR(to[c * columns + other], expected, 2e-6 * rows);
        ASSERT_EQ(to[c * columns + other], to[other * columns + c]);
      }
  });
}

}  // namespace
}  // namespace ablate::kernels
