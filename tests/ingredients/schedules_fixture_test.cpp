#include <gtest/gtest.h>

#include <cmath>

#include "tests/graph/fixture.h"
#include "tests/ingredients/schedule_support.h"

namespace ablate::test {
namespace {

using nlohmann::json;

struct ScheduleCase {
  std::string ingredient;  // "" when no ingredient of ours reproduces it
  json settings;
};

/// The shares and epochs that our settings hold for the fixture's absolute rates and steps.
json shared_settings(const json& given, double steps_per_epoch) {
  const double base = given.value("base_lr", 0.0);
  json settings = json::object();
  settings["per"] = given.contains("total_epochs") || given.contains("step_epochs") ||
                            given.contains("decay_t") || given.contains("milestones_epochs")
                        ? "epoch"
                        : "step";
  if (given.contains("floor")) settings["floor"] = given["floor"].get<double>() / base;
  if (given.contains("warmup_lr")) settings["warmup_start"] = given["warmup_lr"].get<double>() / base;
  if (given.contains("warmup_steps"))
    settings["warmup_epochs"] = given["warmup_steps"].get<double>() / steps_per_epoch;
  for (const auto* same : {"warmup_epochs", "warmup", "k", "power"})
    if (given.contains(same)) settings[same] = given[same];
  return settings;
}

ScheduleCase step_case(const json& given, double steps, json settings) {
  settings["factor"] = given.value("gamma", given.value("decay_rate", 0.0));
  if (given.contains("step_epochs")) settings["every"] = given["step_epochs"];
  if (given.contains("decay_t")) settings["every"] = given["decay_t"];
  if (given.contains("step_steps")) settings["every"] = given["step_steps"].get<double>() / steps;
  return {"schedule.step", settings};
}

ScheduleCase multistep_case(const json& given, double steps, json settings) {
  const bool in_epochs = given.contains("milestones_epochs");
  settings["factor"] = given.at("gamma");
  settings["unit"] = "epoch";
  for (const double milestone : given.at(in_epochs ? "milestones_epochs" : "milestones_steps"))
    settings["milestones"].push_back(milestone / (in_epochs ? 1 : steps));
  return {"schedule.multistep", settings};
}

ScheduleCase exponential_case(const std::string& name, const json& given, double steps, json settings) {
  const bool by_epoch = name.ends_with("per_epoch");
  settings["per"] = by_epoch ? "epoch" : "step";
  settings["factor"] = std::pow(given.at("gamma").get<double>(), by_epoch ? 1 : steps);
  return {"schedule.exponential", settings};
}

ScheduleCase restarts_case(const json& given, double steps, json settings) {
  settings["first"] = given.at("T0_steps").get<double>() / steps;
  settings["multiply"] = given.at("T_mult");
  settings["decay"] = given.value("cycle_decay", 1.0);
  return {"schedule.restarts", settings};
}

ScheduleCase one_cycle_case(const json& given) {
  return {"schedule.one_cycle",
          {{"up", given.at("pct_start")},
           {"start_divisor", given.at("div_factor")},
           {"end_divisor", given.at("final_div_factor")},
           {"shape", given.at("anneal") == "cos" ? "cosine" : "linear"},
           {"momentum_low", given.at("base_momentum")},
           {"momentum_high", given.at("max_momentum")}}};
}

ScheduleCase trapezoid_case(const json& given, json settings) {
  settings["decay"] = given.at("decay_steps").get<double>() / given.at("total_steps").get<double>();
  settings["shape"] = given.at("decay") == "linear" ? "linear" : "one_minus_sqrt";
  return {"schedule.trapezoid", settings};
}

/// How this project would be asked for a fixture's schedule.
ScheduleCase case_of(const json& fixture, double steps) {
  const std::string name = fixture.at("name");
  const auto& given = fixture.at("params");
  const auto settings = shared_settings(given, steps);
  if (name == "constant") return {"schedule.constant", json::object()};
  if (name.starts_with("step_")) return step_case(given, steps, settings);
  if (name.starts_with("multistep_")) return multistep_case(given, steps, settings);
  if (name.starts_with("exponential_")) return exponential_case(name, given, steps, settings);
  if (name.starts_with("linear_")) return {"schedule.linear", settings};
  if (name.starts_with("poly_")) return {"schedule.poly", settings};
  if (name.starts_with("cosine_restarts_")) return restarts_case(given, steps, settings);
  if (name.starts_with("cosine_")) return {"schedule.cosine", settings};
  if (name.starts_with("one_cycle_")) return one_cycle_case(given);
  if (name.starts_with("trapezoid_")) return trapezoid_case(given, settings);
  return {};
}

void expect_rates(const json& fixture, const ScheduleCase& ours, int epochs, int steps) {
  const auto schedule = make(ours.ingredient, ours.settings);
  const auto& given = fixture.at("params");
  const double base = given.value("base_lr", given.value("max_lr", 0.0));
  for (int t = 0; t < int(fixture.at("lr").size()); ++t) {
    const std::string where =
        fixture.at("name").get<std::string>() + " " + given.dump() + ", step " + std::to_string(t);
    const auto rates = rates_at(*schedule, t, epochs, steps);
    const double expected = fixture["lr"][t];
    EXPECT_NEAR(base * rates.lr_factor, expected, 1e-9 * expected) << where;
    EXPECT_EQ(rates.momentum.has_value(), fixture.contains("momentum")) << where;
    if (rates.momentum && fixture.contains("momentum")) {
      EXPECT_NEAR(*rates.momentum, fixture["momentum"][t].get<double>(), 1e-9) << where;
    }
  }
}

/// One rate an epoch; the metric of an epoch is told when it ends.
void expect_plateau(const json& fixture) {
  const auto& given = fixture.at("params");
  const double base = given.at("base_lr");
  const auto schedule = make("schedule.plateau", {{"factor", given.at("factor")},
                                                  {"patience", given.at("patience")},
                                                  {"threshold", given.at("threshold")},
                                                  {"floor", given.at("min_lr").get<double>() / base}});
  const auto& metric = given.at("metric");
  ASSERT_EQ(metric.size(), fixture.at("lr").size());
  for (int epoch = 0; epoch < int(metric.size()); ++epoch) {
    const double expected = fixture["lr"][epoch];
    const auto rates = rates_at(*schedule, epoch, int(metric.size()), 1);
    EXPECT_NEAR(base * rates.lr_factor, expected, 1e-9 * expected) << "plateau, epoch " << epoch;
    end_epoch(*schedule, epoch, Validation{.loss = metric[epoch]});
  }
}

TEST(SchedulesFixture, ReproducesEveryRateOfEveryEntry) {
  const auto fixture = read_fixture(fixture_folder() / "schedules.json");
  const int epochs = fixture.at("epochs"), steps = fixture.at("steps_per_epoch");
  ASSERT_FALSE(fixture.at("schedules").empty());
  for (const auto& one : fixture.at("schedules")) {
    const std::string name = one.at("name");
    ASSERT_FALSE(one.at("lr").empty()) << name;
    const auto ours = case_of(one, steps);
    if (name.starts_with("plateau"))
      expect_plateau(one);
    else if (ours.ingredient.empty())
      ADD_FAILURE() << "nothing reproduces the entry " << name;
    else
      expect_rates(one, ours, epochs, steps);
  }
}

}  // namespace
}  // namespace ablate::test
