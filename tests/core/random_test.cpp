#include "harness/core/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gmock/gmock.h>

namespace ablate {
namespace {

using Block = std::array<std::uint32_t, 4>;

// kat_vectors of Random123: philox4x32, 10 rounds.
TEST(Philox, KnowsThePublishedAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

struct Moments {
  double mean = 0, variance = 0, skewness = 0, lowest = 0, highest = 0;
};

/// Of one draw for each of 200,000 events.
template <class F>
Moments moments(F draw_one) {
  constexpr int n = 200000;
  const Stream stream(7, "moments");
  std::vector<double> values(n);
  for (int i = 0; i < n; ++i) {
    auto draw = stream.at(1, static_cast<std::uint64_t>(i));
    values[static_cast<std::size_t>(i)] = draw_one(draw);
  }
  Moments m;
  m.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double third = 0;
  for (const double x : values) {
    m.variance += (x - m.mean) * (x - m.mean) / n;
    third += std::pow(x - m.mean, 3) / n;
  }
  m.skewness = third / std::pow(m.variance, 1.5);
  m.lowest = *std::min_element(values.begin(), values.end());
  m.highest = *std::max_element(values.begin(), values.end());
  return m;
}

// Bounds below are at least five standard errors of 200,000 draws.

TEST(Draw, IsUniform) {
  const auto m = moments([](Draw& d) { return d.uniform(); });
  EXPECT_NEAR(m.mean, 0.5, 0.0033);
  EXPECT_NEAR(m.variance, 1.0 / 12, 0.001);
  EXPECT_GE(m.lowest, 0.0);
  EXPECT_LT(m.highest, 1.0);
}

TEST(Draw, IsNormal) {
  const auto m = moments([](Draw& d) { return d.normal(); });
  EXPECT_NEAR(m.mean, 0, 0.012);
  EXPECT_NEAR(m.variance, 1, 0.017);
  EXPECT_NEAR(m.skewness, 0, 0.03);
  EXPECT_GT(m.highest, 3.5);
  EXPECT_LT(m.highest, 7);
}

TEST(Draw, IsFairBelowAnyNumber) {
  std::array<int, 7> counts{};
  const Stream stream(3, "below");
  for (std::uint64_t i = 0; i < 70000; ++i) ++counts[stream.at(0, i).below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 5 * std::sqrt(70000 * 6.0 / 49));
  EXPECT_EQ(stream.at(0, 0).below(1), 0u);
}

TEST(Draw, CoversTheUpperHalfOfALargeRange) {
  const std::uint32_t n =
      3u << 30;  // 2^32 mod n is 2^30: without rejection the lower third comes up twice as often
  int low = 0;
  const Stream stream(3, "below");
  for (std::uint64_t i = 0; i < 30000; ++i) low += stream.at(0, i).below(n) < (1u << 30);
  EXPECT_NEAR(low, 10000, 5 * std::sqrt(30000 * 2.0 / 9));
}

class Beta : public testing::TestWithParam<std::pair<double, double>> {};

/// Mean a/(a+b), variance ab/((a+b)^2 (a+b+1)).
TEST_P(Beta, HasTheMomentsOfTheDistribution) {
  const auto [a, b] = GetParam();
  const auto m = moments([a = a, b = b](Draw& d) { return d.beta(a, b); });
  const double sum = a + b, variance = a * b / (sum * sum * (sum + 1));
  EXPECT_NEAR(m.mean, a / sum, 5 * std::sqrt(variance / 200000));
  EXPECT_NEAR(m.variance, variance, 0.02 * variance + 1e-5);
  EXPECT_GE(m.lowest, 0);
  EXPECT_LE(m.highest, 1);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Beta,
                         testing::Values(std::pair(0.05, 0.05), std::pair(0.2, 0.2), std::pair(1.0, 1.0),
                                         std::pair(0.3, 0.9), std::pair(2.0, 5.0), std::pair(0.4, 3.0),
                                         std::pair(50.0, 50.0)));

TEST(Draw, NeverGivesNanForTinyShapesOfBeta) {
  const Stream stream(1, "tiny");
  for (const double a : {0.05, 1e-3, 1e-8})
    for (std::uint64_t i = 0; i < 20000; ++i) {
      const double x = stream.at(0, i).beta(a, a);
      ASSERT_TRUE(x >= 0 && x <= 1) << a << ": " << x;
    }
}

TEST(Stream, GivesTheSameDrawsForTheSameIndices) {
  const Stream stream(5, "crop");
  auto first = stream.at(3, 17);
  for (int i = 0; i < 100; ++i) first.bits();
  auto again = stream.at(3, 17), once_more = Stream(5, "crop").at(3, 17);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(again.bits(), once_more.bits());
}

TEST(Stream, DiffersBySeedPurposeEpochAndIndex) {
  const auto first = [](Draw draw) { return draw.bits(); };
  const auto bits = first(Stream(5, "crop").at(3, 17));
  EXPECT_NE(bits, first(Stream(6, "crop").at(3, 17)));
  EXPECT_NE(bits, first(Stream(5, "flip").at(3, 17)));
  EXPECT_NE(bits, first(Stream(5, "crop").at(4, 17)));
  EXPECT_NE(bits, first(Stream(5, "crop").at(3, 18)));
  EXPECT_NE(bits, first(Stream(5, "crop").at(3, 17 + (std::uint64_t{1} << 32))));
}

TEST(Stream, DoesNotConfuseSeedAndPurpose) {
  EXPECT_NE(Stream(1, "1/x").at(0, 0).bits(), Stream(11, "/x").at(0, 0).bits());
}

TEST(Stream, PermutesAndTheOrderIsFixedByItsIndices) {
  const auto order = Stream(2, "order").permutation(4, 1000);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(sorted[i], i);
  EXPECT_EQ(order, Stream(2, "order").permutation(4, 1000));
  EXPECT_NE(order, Stream(2, "order").permutation(5, 1000));
  EXPECT_NE(order, Stream(3, "order").permutation(4, 1000));
  EXPECT_TRUE(Stream(2, "order").permutation(1, 0).empty());
}

TEST(Stream, GivesEachOrderOfThreeEquallyOften) {
  std::array<int, 27> counts{};
  const Stream stream(9, "order");
  for (std::uint32_t epoch = 0; epoch < 60000; ++epoch) {
    const auto order = stream.permutation(epoch, 3);
    ++counts[order[0] * 9 + order[1] * 3 + order[2]];
  }
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0), 27 - 6);
  for (const int count : counts) {
    if (count == 0) continue;
    EXPECT_NEAR(count, 10000, 5 * std::sqrt(60000 * 5.0 / 36));
  }
}

}  // namespace
}  // namespace ablate
