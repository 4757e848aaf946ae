#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "tests/graph/fixture.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

struct ScheduleCase {
  std::string ingredient;
  nlohmann::json settings;
};

/// The shares that our settings hold for the fixture's absolute rates.
nlohmann::json warm_up_settings(const nlohmann::json& given, double steps_per_epoch) {
  const double base = given.at("base_lr");
  nlohmann::json settings = nlohmann::json::object();
  settings["per"] =
      given.contains("total_epochs") || given.contains("step_epochs") || given.contains("decay_t") ? "epoch"
                                                                                                   : "step";
  if (given.contains("warmup_lr")) settings["warmup_start"] = given["warmup_lr"].get<double>() / base;
  if (given.contains("warmup_steps"))
    settings["warmup_epochs"] = given["warmup_steps"].get<double>() / steps_per_epoch;
  if (given.contains("warmup_epochs")) settings["warmup_epochs"] = given["warmup_epochs"];
  if (given.contains("warmup")) settings["warmup"] = given["warmup"];
  return settings;
}

/// How this project would be asked for a fixture's schedule; nothing for one that another ingredient must
/// reproduce.
std::optional<ScheduleCase> case_of(const nlohmann::json& fixture, double steps_per_epoch) {
  const std::string name = fixture.at("name");
  const auto& given = fixture.at("params");
  if (name == "constant") return ScheduleCase{"schedule.constant", nlohmann::json::object()};
  if (name.starts_with("step_")) {
    auto settings = warm_up_settings(given, steps_per_epoch);
    settings["factor"] = given.value("gamma", given.value("decay_rate", 0.0));
    if (given.contains("step_epochs")) settings["every"] = given["step_epochs"];
    if (given.contains("decay_t")) settings["every"] = given["decay_t"];
    if (given.contains("step_steps")) settings["every"] = given["step_steps"].get<double>() / steps_per_epoch;
    return ScheduleCase{"schedule.step", settings};
  }
  if (name.starts_with("cosine") && !name.starts_with("cosine_restarts")) {
    auto settings = warm_up_settings(given, steps_per_epoch);
    settings["floor"] = given.at("floor").get<double>() / given.at("base_lr").get<double>();
    settings["k"] = given.value("k", 1.0);
    return ScheduleCase{"schedule.cosine", settings};
  }
  return std::nullopt;
}

double share_at(Ingredient& schedule, int step, int epochs, int steps_per_epoch) {
  Rates rates;
  schedule.schedule(rates, {step / steps_per_epoch, step % steps_per_epoch, epochs, steps_per_epoch});
  return rates.lr_factor;
}

TEST(SchedulesFixture, ReproduceEveryRate) {
  const auto fixture = read_fixture(fixture_folder() / "schedules.json");
  const int epochs = fixture.at("epochs"), steps = fixture.at("steps_per_epoch");
  int cases = 0;
  for (const auto& one : fixture.at("schedules")) {
    const auto ours = case_of(one, steps);
    if (!ours) continue;
    ++cases;
    const auto schedule = make(ours->ingredient, ours->settings);
    const double base = one.at("params").at("base_lr");
    for (int t = 0; t < int(one.at("lr").size()); ++t) {
      const double expected = one["lr"][t];
      EXPECT_NEAR(base * share_at(*schedule, t, epochs, steps), expected, 1e-9 * expected)
          << one.at("name") << " " << one.at("params") << ", step " << t;
    }
  }
  EXPECT_EQ(cases, 13);
}

TEST(Schedules, RiseInAStraightLineDuringWarmUp) {
  for (const std::string name : {"schedule.constant", "schedule.step", "schedule.cosine"}) {
    const auto schedule = make(name, {{"warmup_epochs", 2.0}, {"warmup_start", 0.1}});
    for (int t = 0; t < 20; ++t)
      EXPECT_NEAR(share_at(*schedule, t, 10, 10), 0.1 + 0.9 * t / 20, 1e-12) << name << ", step " << t;
  }
}

TEST(Schedules, CountTheStepsTheyScaled) {
  const auto schedule = make("schedule.constant", {{"warmup_epochs", 2.0}});
  for (int t = 0; t < 100; ++t) share_at(*schedule, t, 10, 10);
  EXPECT_EQ(schedule->counters().at("steps_scaled"), 20);
}

TEST(Schedules, RefuseAWarmUpThatFillsTheTraining) {
  const auto& entry = entry_of("schedule.cosine");
  const nlohmann::json recipe = nlohmann::json::object();
  EXPECT_TRUE(entry.refuses(settings_of(entry, {{"warmup_epochs", 3}}), {recipe, 10}).empty());
  EXPECT_EQ(entry.refuses(settings_of(entry, {{"warmup_epochs", 10}}), {recipe, 10}).size(), 1u);
}

TEST(StepSchedule, RefusesToFallAfterTheEnd) {
  const auto& entry = entry_of("schedule.step");
  const nlohmann::json recipe = nlohmann::json::object();
  EXPECT_EQ(entry.refuses(settings_of(entry, {{"every", 30}}), {recipe, 10}).size(), 1u);
}

}  // namespace
}  // namespace ablate::test
