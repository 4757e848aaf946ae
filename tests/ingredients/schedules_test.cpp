#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/ingredients/schedule_support.h"

namespace ablate::test {
namespace {

using nlohmann::json;

double share_at(Ingredient& schedule, int step, int epochs, int steps_per_epoch) {
  return rates_at(schedule, step, epochs, steps_per_epoch).lr_factor;
}

bool takes(const IngredientEntry& entry, const std::string& name) {
  return std::ranges::any_of(entry.params, [&](const ParamInfo& param) { return param.name == name; });
}

TEST(Schedules, RiseInAStraightLineDuringWarmUp) {
  int warmed_up = 0;
  for (const auto& entry : ingredient_catalogue()) {
    if (entry.family != "schedule" || !takes(entry, "warmup_epochs")) continue;
    ++warmed_up;
    const auto schedule = make(entry.name, {{"warmup_epochs", 2.0}, {"warmup_start", 0.1}});
    for (int t = 0; t < 20; ++t)
      EXPECT_NEAR(share_at(*schedule, t, 10, 10), 0.1 + 0.9 * t / 20, 1e-12) << entry.name << ", step " << t;
  }
  EXPECT_GE(warmed_up, 10);
}

TEST(Schedules, PerEpochKeepTheRateThroughoutAnEpoch) {
  for (const auto& entry : ingredient_catalogue()) {
    if (entry.family != "schedule" || !takes(entry, "per")) continue;
    const auto by_step = make(entry.name, {{"per", "step"}}), by_epoch = make(entry.name, {{"per", "epoch"}});
    for (int t = 0; t < 100; ++t)
      EXPECT_DOUBLE_EQ(share_at(*by_epoch, t, 10, 10), share_at(*by_step, t / 10 * 10, 10, 10))
          << entry.name << ", step " << t;
  }
}

TEST(Schedules, NeverRiseAboveTheBaseRateNorFallBelowZero) {
  for (const auto& entry : ingredient_catalogue()) {
    if (entry.family != "schedule") continue;
    const auto schedule = make(entry.name);
    for (int t = 0; t < 70; ++t) {
      const double share = share_at(*schedule, t, 10, 7);
      EXPECT_TRUE(share >= 0 && share <= 1) << entry.name << ", step " << t << ": " << share;
    }
  }
}

TEST(Schedules, CountTheStepsTheyScaled) {
  const auto schedule = make("schedule.constant", {{"warmup_epochs", 2.0}});
  for (int t = 0; t < 100; ++t) share_at(*schedule, t, 10, 10);
  EXPECT_EQ(schedule->counters().at("steps_scaled"), 20);
}

TEST(Schedules, RefuseAWarmUpThatFillsTheTraining) {
  EXPECT_TRUE(refusals("schedule.cosine", {{"warmup_epochs", 3}}, json::object(), 10).empty());
  for (const auto& entry : ingredient_catalogue()) {
    if (entry.family != "schedule" || !takes(entry, "warmup_epochs")) continue;
    EXPECT_FALSE(refusals(entry.name, {{"warmup_epochs", 30}}, json::object(), 30).empty()) << entry.name;
  }
}

TEST(StepSchedule, RefusesToFallAfterTheEnd) {
  EXPECT_EQ(refusals("schedule.step", {{"every", 30}}, json::object(), 10).size(), 1u);
}

TEST(MultistepSchedule, TakesMilestonesAsSharesOfAnyTraining) {
  const auto schedule = make("schedule.multistep");
  for (const int epochs : {4, 200}) {
    const int n = epochs * 3;
    for (int t = 0; t < n; ++t)
      EXPECT_NEAR(share_at(*schedule, t, epochs, 3),
                  2 * t < n       ? 1
                  : 4 * t < 3 * n ? 0.1
                                  : 0.01,
                  1e-12)
          << epochs << " epochs, step " << t;
  }
}

TEST(MultistepSchedule, RefusesAMilestoneBehindTheEnd) {
  EXPECT_EQ(refusals("schedule.multistep", {{"milestones", {0.5, 1.0}}}, json::object(), 10).size(), 1u);
  EXPECT_EQ(
      refusals("schedule.multistep", {{"milestones", {5, 12}}, {"unit", "epoch"}}, json::object(), 10).size(),
      1u);
  EXPECT_EQ(refusals("schedule.multistep", {{"milestones", json::array()}}, json::object(), 10).size(), 1u);
}

TEST(RestartsSchedule, RefusesACycleThatFillsTheTraining) {
  EXPECT_EQ(refusals("schedule.restarts", {{"first", 10}}, json::object(), 10).size(), 1u);
}

TEST(TrapezoidSchedule, RefusesPartsThatDoNotFit) {
  EXPECT_EQ(refusals("schedule.trapezoid", {{"warmup_epochs", 6}, {"decay", 0.5}}, json::object(), 10).size(),
            1u);
}

TEST(OneCycle, RefusesAnOptimizerWithoutMomentum) {
  const auto with = [](const json& optimizer) { return json{{"optimizer", optimizer}}; };
  const auto plain = with({{"sgd", {{"momentum", 0.0}}}, {"lookahead", json::object()}});
  EXPECT_EQ(refusals("schedule.one_cycle", json::object(), plain, 10).size(), 1u);
  EXPECT_TRUE(refusals("schedule.one_cycle", {{"cycle_momentum", false}}, plain, 10).empty());
  EXPECT_TRUE(
      refusals("schedule.one_cycle", json::object(), with({{"sgd", {{"momentum", 0.9}}}}), 10).empty());
  EXPECT_TRUE(refusals("schedule.one_cycle", json::object(), with({{"adam", {{"beta1", 0.9}}}}), 10).empty());
}

TEST(OneCycle, HasItsOwnWarmUpAndTakesNoOther) {
  EXPECT_FALSE(takes(entry_of("schedule.one_cycle"), "warmup_epochs"));
}

TEST(Plateau, WatchesTopOneWhenAskedTo) {
  const auto schedule = make("schedule.plateau", {{"metric", "top1"}, {"patience", 0}, {"factor", 0.5}});
  for (const double top1 : {0.1, 0.2, 0.2}) end_epoch(*schedule, 0, Validation{.top1 = top1});
  EXPECT_EQ(share_at(*schedule, 3, 10, 1), 0.5) << "the third was no better than the second";
}

TEST(Plateau, IgnoresTheEpochsOfItsWarmUp) {
  const auto schedule = make("schedule.plateau", {{"patience", 0}, {"factor", 0.5}, {"warmup_epochs", 2}});
  end_epoch(*schedule, 0, Validation{.loss = 1});
  end_epoch(*schedule, 1, Validation{.loss = 2});
  end_epoch(*schedule, 2, Validation{.loss = 3});
  EXPECT_EQ(share_at(*schedule, 3, 10, 1), 1) << "the first one that counts is the best so far";
  end_epoch(*schedule, 3, Validation{.loss = 3});
  EXPECT_EQ(share_at(*schedule, 4, 10, 1), 0.5);
}

TEST(Plateau, GoesOnFromItsArchiveAsIfNothingHadHappened) {
  const json settings{{"patience", 1}, {"factor", 0.1}};
  const auto first = make("schedule.plateau", settings), second = make("schedule.plateau", settings);
  for (const double loss : {0.7, 0.8}) end_epoch(*first, 0, Validation{.loss = loss});
  Archive archive;
  first->save(archive);
  archive.values = json::parse(archive.values.dump());
  second->load(archive);
  end_epoch(*second, 2, Validation{.loss = 0.7});
  EXPECT_EQ(share_at(*second, 3, 10, 1), 0.1) << "the second bad epoch in a row";
}

TEST(Plateau, RefusesToWatchNothing) {
  const auto with = [](int validation, int every) {
    return json{{"data", {{"synthetic", {{"validation", validation}}}}}, {"evaluate", {{"every", every}}}};
  };
  EXPECT_TRUE(refusals("schedule.plateau", json::object(), with(100, 1), 30).empty());
  EXPECT_EQ(refusals("schedule.plateau", json::object(), with(0, 1), 30).size(), 1u);
  EXPECT_EQ(refusals("schedule.plateau", json::object(), with(100, 5), 30).size(), 1u);
  EXPECT_EQ(refusals("schedule.plateau", {{"patience", 20}}, with(100, 1), 20).size(), 1u);
}

}  // namespace
}  // namespace ablate::test
