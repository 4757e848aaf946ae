#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "harness/kernels/elementwise.h"
#include "tests/kernels/elementwise_case.h"
#include "tests/kernels/oracle.h"

namespace ablate::kernels {
namespace {

/// A map without gaps, at a multiple of 64 bytes and large enough to go past the caches.
struct DenseMap {
  DenseMap(std::int64_t rows, int channels, unsigned seed) : memory(rows * channels + 16) {
    Numbers numbers(seed);
    for (auto& value : memory) value = numbers.grid();
    const auto past = reinterpret_cast<std::uintptr_t>(memory.data()) % 64;
    data = memory.data() + (64 - past) % 64 / 4;
  }
  std::vector<float> memory;
  float* data;
};

void expect_equal(std::int64_t values, const float* actual, const float* expected, double tolerance) {
  for (std::int64_t i = 0; i < values; ++i) ASSERT_NEAR(actual[i], expected[i], tolerance) << "value " << i;
}

TEST(Elementwise, HoldsForLargeMapsWithoutGaps) {
  for_instruction_sets([] {
    const Gate s{20, 32, 32, 72, 16, 16};
    const std::int64_t rows = 20 * 32 * 32, gates = rows / 4, values = rows * 72;
    Numbers numbers(9);
    const auto scale = numbers.factors(72), shift = numbers.offsets(72);
    DenseMap x(rows, 72, 1), gate(gates, 72, 2), g(rows, 72, 3), actual(rows, 72, 4), expected(rows, 72, 4);
    const Source from{x.data, 72, scale.data(), shift.data(), Act::Relu};
    const Source from_gate{gate.data, 72, scale.data(), shift.data(), Act::Sigmoid};
    gate_forward(s, from, from_gate, actual.data, 72, in_order);
    oracle::gate_forward(s, from, from_gate, expected.data, 72);
    expect_equal(values, actual.data, expected.data, 10 * kTolerance);
    const Source sources[] = {from, {g.data, 72}};
    sum_forward(rows, 72, sources, actual.data, 72, in_order);
    oracle::sum_forward(rows, 72, sources, expected.data, 72);
    expect_equal(values, actual.data, expected.data, kTolerance);
    interleave_forward(rows / 2, 72, from, {g.data, 72}, actual.data, 144, in_order);
    oracle::interleave_forward(rows / 2, 72, from, {g.data, 72}, expected.data, 144);
    expect_equal(values, actual.data, expected.data, kTolerance);
  });
}

TEST(Elementwise, CopiesChannelsOfALargeMap) {
  for_instruction_sets([] {
    const std::int64_t rows = 20000;
    DenseMap x(rows, 116, 1), actual(rows, 58, 2), expected(rows, 58, 3);
    const Source half{x.data + 58, 116};
    sum_forward(rows, 58, {&half, 1}, actual.data, 58, in_order);
    oracle::sum_forward(rows, 58, {&half, 1}, expected.data, 58);
    expect_equal(rows * 58, actual.data, expected.data, 0);
  });
}

TEST(Elementwise, PassesGradientsOfLargeMapsWithoutGaps) {
  for_instruction_sets([] {
    const Gate s{20, 32, 32, 72, 16, 16};
    const MaxPool largest{20, 32, 32, 72};
    const Pool mean{20, 32, 32, 72};
    const std::int64_t rows = 20 * 32 * 32, gates = rows / 4, values = rows * 72;
    Numbers numbers(9);
    const auto scale = numbers.factors(72), shift = numbers.offsets(72), centre = numbers.normals(72);
    DenseMap x(rows, 72, 1), gate(gates, 72, 2), g(rows, 72, 3), actual(rows, 72, 4), expected(rows, 72, 4),
        dgate(gates, 72, 5);
    const Source from{x.data, 72, scale.data(), shift.data(), Act::Relu};
    const Source from_gate{gate.data, 72, scale.data(), shift.data(), Act::Sigmoid};
    const auto compare = [&](const auto& kernel, const auto& oracle) {
      std::vector<double> sums(72), dots(72), sums0(72), dots0(72);
      kernel(GradientOut{.data = actual.data,
                         .stride = 72,
                         .sum = sums.data(),
                         .dot = dots.data(),
                         .centre = centre.data()});
      oracle(GradientOut{.data = expected.data,
                         .stride = 72,
                         .sum = sums0.data(),
                         .dot = dots0.data(),
                         .centre = centre.data()});
      expect_equal(values, actual.data, expected.data, kTolerance);
      expect_near(sums, sums0, sums_of(rows));
      expect_near(dots, dots0, sums_of(rows));
    };
    compare([&](const auto& dx) { pass_gradient(rows, 72, g.data, 72, from, dx, in_order); },
            [&](const auto& dx) { oracle::pass_gradient(rows, 72, g.data, 72, from, dx); });
    compare([&](const auto& dx) { pool_backward(mean, g.data, 72, from, dx, in_order); },
            [&](const auto& dx) { oracle::pool_backward(mean, g.data, 72, from, dx); });
    compare([&](const auto& dx) { max_pool_backward(largest, g.data, 72, from, dx, in_order); },
            [&](const auto& dx) { oracle::max_pool_backward(largest, g.data, 72, from, dx); });
    const GradientOut to_gate{.data = dgate.data, .stride = 72};
    compare([&](const auto& dx) { gate_backward(s, g.data, 72, from, from_gate, dx, to_gate, in_order); },
            [&](const auto& dx) { oracle::gate_backward(s, g.data, 72, from, from_gate, dx, to_gate); });
  });
}

}  // namespace
}  // namespace ablate::kernels
