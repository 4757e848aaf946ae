#pragma once

#include <array>
#include <cstdint>

#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// term(0) + ... + term(n - 1) in double, in eight sums side by side: precise, fast, and always in the same
/// order.
template <class Term>
double sum_of(std::int64_t n, const Term& term) {
  constexpr std::int64_t kLanes = 8;
  std::array<double, kLanes> lanes{};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::int64_t lane = 0; lane < kLanes; ++lane) lanes[std::size_t(lane)] += double(term(i + lane));
  double sum = 0;
  for (; i < n; ++i) sum += double(term(i));
  for (const double lane : lanes) sum += lane;
  return sum;
}

/// Sum of the squares of n values.
template <class T>
double squares_of(const T* values, std::int64_t n) {
  return sum_of(n, [values](std::int64_t i) { return double(values[i]) * double(values[i]); });
}

/// The Euclidean norm of the gradients of all sets together.
double gradient_norm(const std::vector<ParameterSet>& sets);

}  // namespace ablate::ingredients
