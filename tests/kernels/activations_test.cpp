#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "harness/kernels/elementwise.h"
#include "tests/kernels/test_maps.h"

namespace ablate::kernels {
namespace {

TEST(Sigmoid, HoldsToAMillionthAtEverySize) {
  for_instruction_sets([] {
    const float one = 1, zero = 0;
    std::vector<float> z, sigmoid, g, slope;
    for (float value = -85; value <= 85; value += 0.0371f) z.push_back(value);
    const auto rows = static_cast<std::int64_t>(z.size());
    sigmoid.resize(rows), g.assign(rows, 1), slope.resize(rows);
    const Source x{.data = z.data(), .stride = 1, .scale = &one, .shift = &zero, .act = Act::Sigmoid};
    sum_forward(rows, 1, {&x, 1}, sigmoid.data(), 1, in_order);
    pass_gradient(rows, 1, g.data(), 1, x, {.data = slope.data(), .stride = 1}, in_order);
    for (std::int64_t i = 0; i < rows; ++i) {
      const double exact = 1 / (1 + std::exp(-double(z[i])));
      ASSERT_NEAR(sigmoid[i] / exact, 1, 1e-6) << z[i];
      ASSERT_NEAR(slope[i] / (exact / (1 + std::exp(double(z[i])))), 1, 1e-6) << z[i];
    }
  });
}

TEST(Sigmoid, GoesToItsLimits) {
  for_instruction_sets([] {
    const float one = 1, zero = 0, z[] = {-1e30f, -200, 200, 1e30f};
    float sigmoid[4];
    const Source x{.data = z, .stride = 1, .scale = &one, .shift = &zero, .act = Act::Sigmoid};
    sum_forward(4, 1, {&x, 1}, sigmoid, 1, in_order);
    EXPECT_EQ(sigmoid[0], 0);
    EXPECT_NEAR(sigmoid[1], 0, 1e-37);
    EXPECT_EQ(sigmoid[2], 1);
    EXPECT_EQ(sigmoid[3], 1);
  });
}

TEST(Activation, OfNotANumberIsNotANumber) {
  for_instruction_sets([] {
    const std::vector<float> one(40, 1), zero(40, 0), nan(40, NAN);
    for (const Act act : {Act::None, Act::Relu, Act::Relu6, Act::Sigmoid, Act::HardSigmoid}) {
      std::vector<float> out(40, 0);
      const Source x{.data = nan.data(), .stride = 40, .scale = one.data(), .shift = zero.data(), .act = act};
      sum_forward(1, 40, {&x, 1}, out.data(), 40, in_order);
      for (const float value : out) EXPECT_TRUE(std::isnan(value)) << static_cast<int>(act);
    }
  });
}

TEST(Activation, PassesNothingBackAtItsThresholds) {
  for_instruction_sets([] {
    const std::vector<float> z{0, 6, 3, -1, 7, 0, 6}, ones(7, 1), zeros(7, 0);
    const auto through = [&](Act act) {
      std::vector<float> out(7, 9);
      const Source x{z.data(), 7, ones.data(), zeros.data(), act};
      pass_gradient(1, 7, ones.data(), 7, x, {.data = out.data(), .stride = 7}, in_order);
      return out;
    };
    EXPECT_EQ(through(Act::Relu), (std::vector<float>{0, 1, 1, 0, 1, 0, 1}));
    EXPECT_EQ(through(Act::Relu6), (std::vector<float>{0, 0, 1, 0, 0, 0, 0}));
  });
}

}  // namespace
}  // namespace ablate::kernels
