#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "harness/kernels/elementwise.h"
#include "tests/kernels/elementwise_case.h"
#include "tests/kernels/oracle.h"

namespace ablate::kernels {
namespace {

constexpr Pool kPools[] = {{2, 4, 4, 20, 2, 2}, {3, 5, 7, 16, 2, 3}, {2, 7, 7, 37, 7, 7},  {1, 1, 1, 3, 1, 1},
                           {2, 2, 3, 8, 3, 3},  {2, 9, 5, 1, 4, 5},  {1, 6, 11, 16, 1, 10}};

TEST(Pool, MeansItsWindows) {
  for_types([](Type type) {
    for (const auto& s : kPools)
      for (const Act act : kActs) {
        TestSource x(std::int64_t(s.images) * s.height * s.width, s.channels, true, act, 1, type);
        const std::int64_t rows = std::int64_t(s.images) * s.out_height() * s.out_width();
        TestMap actual(rows, s.channels, 3, type), expected(rows, s.channels);
        pool_forward(s, x.source, actual.data(), actual.stride(), in_order);
        oracle::pool_forward(s, x.source, expected.floats(), expected.stride());
        expect_near(actual, expected, kTolerance);
      }
  });
}

TEST(Pool, SpreadsTheGradientOverItsWindowsAndZeroElsewhere) {
  for_types([](Type type) {
    for (const auto& s : kPools)
      for (const auto& wanted : kWanted) {
        const std::int64_t rows = std::int64_t(s.images) * s.height * s.width;
        TestSource x(rows, s.channels, true, Act::Relu, 1, type);
        Numbers numbers(3);
        TestMap g(std::int64_t(s.images) * s.out_height() * s.out_width(), s.channels, 4, type);
        g.fill(numbers.normal_values());
        TestGradientOut dx(rows, s.channels, wanted, 4, type), dx0(rows, s.channels, wanted, 4);
        pool_backward(s, g.data(), g.stride(), x.source, dx.out, in_order);
        oracle::pool_backward(s, g.data(), g.stride(), x.source, dx0.out);
        expect_near(dx, dx0, kTolerance, sums_of(rows));
      }
  });
}

constexpr MaxPool kMaxPools[] = {{2, 8, 8, 24, 3, 2, 1}, {1, 7, 9, 16, 3, 2, 1}, {2, 6, 5, 37, 2, 2, 0},
                                 {1, 5, 5, 3, 3, 1, 1},  {1, 9, 7, 20, 2, 3, 0}, {3, 1, 1, 8, 3, 2, 1}};

TEST(MaxPool, TakesTheLargestOfEveryWindow) {
  for_types([](Type type) {
    for (const auto& s : kMaxPools)
      for (const Act act : kActs) {
        TestSource x(std::int64_t(s.images) * s.height * s.width, s.channels, true, act, 1, type);
        const std::int64_t rows = std::int64_t(s.images) * s.out_height() * s.out_width();
        TestMap actual(rows, s.channels, 3, type), expected(rows, s.channels);
        max_pool_forward(s, x.source, actual.data(), actual.stride(), in_order);
        oracle::max_pool_forward(s, x.source, expected.floats(), expected.stride());
        expect_near(actual, expected, kTolerance);
      }
  });
}

TEST(MaxPool, GivesTheGradientToTheFirstOfTheLargest) {
  for_types([](Type type) {
    for (const auto& s : kMaxPools)
      for (const auto& wanted : kWanted)
        for (const Act act : {Act::None, Act::Relu, Act::Relu6}) {
          const std::int64_t rows = std::int64_t(s.images) * s.height * s.width;
          TestSource x(rows, s.channels, true, act, 1, type);
          Numbers numbers(3);
          TestMap g(std::int64_t(s.images) * s.out_height() * s.out_width(), s.channels, 4, type);
          g.fill(numbers.normal_values());
          TestGradientOut dx(rows, s.channels, wanted, 4, type), dx0(rows, s.channels, wanted, 4);
          max_pool_backward(s, g.data(), g.stride(), x.source, dx.out, in_order);
          oracle::max_pool_backward(s, g.data(), g.stride(), x.source, dx0.out);
          expect_near(dx, dx0, kTolerance, sums_of(rows));
        }
  });
}

TEST(MaxPool, TakesNotANumberForTheLargest) {
  for_instruction_sets([] {
    const std::vector<float> one(1, 1), zero(1, 0), x{3, NAN, 5, 1};
    float out = 0;
    max_pool_forward({1, 2, 2, 1, 2, 2, 0}, {x.data(), 1, one.data(), zero.data(), Act::None}, &out, 1,
                     in_order);
    EXPECT_TRUE(std::isnan(out));
  });
}

}  // namespace
}  // namespace ablate::kernels
