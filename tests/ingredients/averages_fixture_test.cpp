#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include <ATen/ATen.h>

#include "ingredients/average/decay.h"
#include "tests/ingredients/toy_training.h"

namespace ablate::test {
namespace {

using nlohmann::json;

const json kMomentumSgd{{"lr", 0.1}, {"momentum", 0.9}, {"nesterov", false}, {"weight_decay", 0.0}};

/// The decay that an average of those settings applies at each update: what is left of a first value of 1
/// when all later ones are 0, from one update to the next.
std::vector<double> decays_of(const json& settings, int updates) {
  const std::vector<StateEntry> one{{.name = "weight", .shape = {1}}};
  Weights initial(one, at::kDouble);
  initial.trained().fill_(1);
  FakeSetup setup("average.ema", initial);
  FakeStudent student{Weights(one, at::kDouble)};
  const auto ema = make("average.ema", settings);
  ema->begin(setup);
  std::vector<double> decays;
  double before = 1;
  for (int t = 0; t < updates; ++t) {
    ema->after_step(student, {});
    const double left = ema->average()->trained()[0].item<double>();
    decays.push_back(before == 0 ? 0 : left / before);
    before = left;
  }
  return decays;
}

void expect_timm(const json& one) {
  for (std::size_t i = 0; i < one.at("argument").size(); ++i) {
    const std::int64_t step = one["argument"][i];  // counted from 1
    const double ours = ingredients::timm_decay(one.at("decay"), step - 1, one.at("gamma"), one.at("power"),
                                                one.value("min_decay", 0.0));
    EXPECT_NEAR(ours, one.at("values")[i].get<double>(), 1e-9) << "update " << step;
  }
}

/// A copy at the first update, then a constant decay: seen on an average of ones, after which everything is
/// zero.
void expect_constant_after_a_copy(const json& one) {
  ASSERT_EQ(one.at("values")[0], 0.0);
  const std::vector<StateEntry> entries{{.name = "weight", .shape = {1}}};
  FakeSetup setup("average.ema", Weights(entries, at::kDouble));
  FakeStudent student{Weights(entries, at::kDouble)};
  student.weights().trained().fill_(1);
  const auto ema = make("average.ema", {{"decay", one.at("decay")}, {"warmup", "none"}});
  ema->begin(setup);
  double before = 1;
  for (std::size_t i = 0; i < one.at("values").size(); ++i) {
    ema->after_step(student, {});
    const double now = ema->average()->trained()[0].item<double>();
    EXPECT_NEAR(now, i == 0 ? 1 : before * one["values"][i].get<double>(), 1e-12) << "update " << i + 1;
    student.weights().trained().zero_();
    before = now;
  }
}

void expect_tensorflow(const json& one) {
  for (std::size_t i = 0; i < one.at("argument").size(); ++i)
    EXPECT_NEAR(ingredients::tensorflow_decay(one.at("decay"), one["argument"][i]),
                one.at("values")[i].get<double>(), 1e-9);
}

void expect_torchvision(const json& one) {
  ASSERT_FALSE(one.at("cases").empty());
  for (const auto& c : one.at("cases")) {
    const double images =
        c.at("batch").get<double>() * c.at("every_steps").get<double>() * c.at("world").get<double>();
    EXPECT_NEAR(ingredients::torchvision_decay(c.at("decay"), images, c.at("epochs")),
                c.at("effective_decay").get<double>(), 1e-9)
        << c;
  }
}

void expect_half_life(const json& one) {
  ASSERT_FALSE(one.at("cases").empty());
  for (const auto& c : one.at("cases")) {
    const auto decays = decays_of({{"half_life", c.at("half_life_updates")},
                                   {"unit", "step"},
                                   {"warmup", "none"},
                                   {"start", "initial"}},
                                  3);
    for (const double decay : decays) EXPECT_NEAR(decay, c.at("decay").get<double>(), 1e-9) << c;
  }
}

void expect_initial_weight_left(const json& one) {
  const auto& updates = one.at("updates");
  const auto decays =
      decays_of({{"decay", one.at("decay")}, {"warmup", "none"}, {"start", "initial"}}, updates.back());
  double left = 1;
  std::size_t next = 0;
  for (std::size_t t = 0; t < decays.size(); ++t) {
    left *= decays[t];
    if (t + 1 != updates[next].get<std::size_t>()) continue;
    EXPECT_NEAR(left, one.at("values")[next].get<double>(), 1e-9) << t + 1 << " updates";
    ++next;
  }
  EXPECT_EQ(next, updates.size());
}

TEST(AveragesFixture, ReproducesEveryRuleOfTheDecay) {
  const std::map<std::string, std::function<void(const json&)>> rules{
      {"timm_v3_warmup", expect_timm},
      {"timm_v3_warmup_b", expect_timm},
      {"timm_v3_no_warmup", expect_constant_after_a_copy},
      {"tf", expect_tensorflow},
      {"torchvision", expect_torchvision},
      {"half_life", expect_half_life},
      {"initial_weight_left", expect_initial_weight_left}};
  const auto& decays = toy_fixture().at("ema_decays");
  ASSERT_FALSE(decays.empty());
  for (const auto& [name, one] : decays.items()) {
    SCOPED_TRACE(name);
    if (const auto rule = rules.find(name); rule != rules.end())
      rule->second(one);
    else
      ADD_FAILURE() << "nothing reproduces the entry " << name;
  }
}

/// Settings of an average of the fixture; null for one that is no moving average.
json ema_settings(const std::string& name) {
  if (name == "constant_0.9") return {{"decay", 0.9}, {"warmup", "none"}, {"start", "initial"}};
  if (name == "copy_first_then_0.9") return {{"decay", 0.9}, {"warmup", "none"}};
  if (name == "timm_v3_warmup") return {{"decay", 0.9999}, {"warmup", "timm"}};
  if (name == "tf_0.999") return {{"decay", 0.999}, {"warmup", "tensorflow"}, {"start", "initial"}};
  return nullptr;
}

void expect_moving_average(const json& fixture, const json& one) {
  const std::string name = one.at("name");
  ToyTraining training(fixture, {{"optimizer.sgd", kMomentumSgd}, {"average.ema", ema_settings(name)}});
  EXPECT_EQ(training.at(1).average(), nullptr) << "before the first update there is no average";
  ASSERT_FALSE(one.at("trace").empty());
  for (std::size_t t = 0; t < one.at("trace").size(); ++t) {
    training.step(1);
    expect_trace(*training.at(1).average(), one["trace"][t], name + ", step " + std::to_string(t));
  }
  expect_final(*training.at(1).average(), one.at("final"), name);
}

/// Of the last four of ten steps, each taken for an epoch.
void expect_equal_average(const json& fixture, const json& one) {
  ToyTraining training(fixture, {{"optimizer.sgd", kMomentumSgd},
                                 {"average.lawa", {{"last", 4}}},
                                 {"average.swa", {{"active", {0.0, 1.0}}, {"buffers", "average"}}}});
  for (int t = 0; t < fixture.at("steps").get<int>(); ++t) {
    training.step(1);
    EpochEnd end{{}, std::nullopt, training.student(), {}};
    training.at(1).after_epoch(end);
    if (t >= fixture.at("steps").get<int>() - 4) training.at(2).after_epoch(end);
  }
  expect_final(*training.at(1).average(), one.at("final"), "lawa");
  expect_final(*training.at(2).average(), one.at("final"), "swa");
}

TEST(AveragesFixture, ReproducesEveryAverageOfARun) {
  const auto& fixture = toy_fixture();
  ASSERT_FALSE(fixture.at("averages").empty());
  for (const auto& one : fixture.at("averages")) {
    const std::string name = one.at("name");
    ASSERT_EQ(one.at("run"), "sgd_momentum");
    if (!ema_settings(name).is_null())
      expect_moving_average(fixture, one);
    else if (name == "equal_average_last_4")
      expect_equal_average(fixture, one);
    else
      ADD_FAILURE() << "nothing reproduces the entry " << name;
  }
}

}  // namespace
}  // namespace ablate::test
