#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "results/statistics/summary.h"

namespace ablate {
namespace {

/// The file of expectations computed with SciPy and mpmath; null where the folder is absent.
nlohmann::json stats_fixture() {
  const char* folder = std::getenv("ABLATE_FIXTURES");
  std::ifstream file(std::string(folder ? folder : ABLATE_TEST_ROOT "/tests/fixtures") + "/stats.json");
  return file ? nlohmann::json::parse(file) : nlohmann::json();
}

void expect_close(double value, double expected) {
  EXPECT_NEAR(value, expected, 1e-9 * std::abs(expected) + 1e-13);
}

class StatisticsFixture : public testing::Test {
 protected:
  void SetUp() override {
    if (stats_.is_null()) GTEST_SKIP() << "no stats.json: set ABLATE_FIXTURES";
  }
  const nlohmann::json stats_ = stats_fixture();
};

TEST_F(StatisticsFixture, SummariesAndIntervalsAgree) {
  for (const auto& entry : stats_["summary"]) {
    const auto x = entry["x"].get<std::vector<double>>();
    const auto summary = summarise(x);
    EXPECT_EQ(summary.n, entry["n"]);
    expect_close(summary.mean, entry["mean"]);
    expect_close(summary.sd, entry["sd"]);
    for (const auto& expected : entry["intervals"]) {
      const auto interval = t_interval(x, expected["level"]);
      expect_close(interval.low, expected["low"]);
      expect_close(interval.high, expected["high"]);
    }
  }
}

TEST_F(StatisticsFixture, PairedDifferencesAgree) {
  for (const auto& entry : stats_["paired"]) {
    const auto paired = paired_t(entry["a"], entry["b"]);
    expect_close(paired.difference, entry["mean_difference"]);
    expect_close(paired.sd, entry["sd_difference"]);
    expect_close(paired.interval.low, entry["paired_t"]["ci95"][0]);
    expect_close(paired.interval.high, entry["paired_t"]["ci95"][1]);
    expect_close(paired.p, entry["paired_t"]["p_two_sided"]);
  }
}

TEST_F(StatisticsFixture, QuantilesAgree) {
  const auto& quantiles = stats_["t_quantiles"];
  for (std::size_t i = 0; i < quantiles["df"].size(); ++i)
    for (const auto& [name, p] : {std::pair{"q0.95", 0.95}, {"q0.975", 0.975}, {"q0.995", 0.995}})
      expect_close(t_quantile(p, quantiles["df"][i]), quantiles[name][i]);
}

TEST_F(StatisticsFixture, TailsAgree) {
  for (const auto& entry : stats_["t_tails"])
    expect_close(t_two_sided(entry["t"], entry["df"]), entry["two_sided_p"]);
}

TEST(Summary, OfOneValueHasNoSpread) {
  const auto summary = summarise({4.5});
  EXPECT_EQ(summary.mean, 4.5);
  EXPECT_TRUE(std::isnan(summary.sd));
  EXPECT_TRUE(std::isnan(t_interval({4.5}).low));
}

TEST(Summary, OfNothingIsNaN) {
  EXPECT_EQ(summarise({}).n, 0);
  EXPECT_TRUE(std::isnan(summarise({}).mean));
}

TEST(PairedT, OfEqualSamplesFindsNothing) {
  const auto paired = paired_t({1, 2, 3}, {1, 2, 3});
  EXPECT_EQ(paired.difference, 0);
  EXPECT_EQ(paired.interval.low, 0);
  EXPECT_EQ(paired.p, 1);
}

TEST(PairedT, OfOneConstantDifferenceIsCertain) {
  EXPECT_EQ(paired_t({2, 3, 4}, {1, 2, 3}).p, 0);
}

// The least n whose power, by scipy.stats.nct, reaches 0.8; Cohen (1988) has the same.
TEST(PairsNeeded, AgreesWithPublishedPowerTables) {
  EXPECT_EQ(pairs_needed(0.5, 1.0), 34);
  EXPECT_EQ(pairs_needed(-0.8, 1.0), 15);
  EXPECT_EQ(pairs_needed(0.1, 0.5), 199);
}

TEST(PairsNeeded, GivesUpOnNothing) {
  EXPECT_EQ(pairs_needed(0, 1.0), 0);
  EXPECT_EQ(pairs_needed(1, 0), 0);
}

TEST(SignFlip, NeedsSixPairsToReachFivePercent) {
  EXPECT_EQ(sign_flip_floor(5), 0.0625);
  EXPECT_EQ(sign_flip_floor(6), 0.03125);
}

}  // namespace
}  // namespace ablate
