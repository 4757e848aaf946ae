#pragma once

#include <cstdint>

#include "harness/kernels/elementwise.h"
#include "tests/kernels/test_maps.h"

/// What the tests of elementwise kernels go through.
namespace ablate::kernels {

inline constexpr Act kActs[] = {Act::None, Act::Relu, Act::Relu6, Act::Sigmoid, Act::HardSigmoid};
inline constexpr Wanted kWanted[] = {{.data = true, .sums = true, .base = Base::None},
                                     {.data = true, .sums = false, .base = Base::Itself},
                                     {.data = true, .sums = true, .base = Base::Other},
                                     {.data = false, .sums = true, .base = Base::None}};
inline constexpr double kTolerance = 1e-5;  // values are a few units large

/// Of the sums of some rows, each a few units large.
inline double sums_of(std::int64_t rows) {
  return 1e-5 * static_cast<double>(rows);
}

}  // namespace ablate::kernels
