#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "ingredients/optimizer/newton_schulz.h"
#include "tests/graph/fixture.h"
#include "tests/ingredients/toy_training.h"

namespace ablate::test {
namespace {

using nlohmann::json;

/// Timm's exclusion of all vectors, where the fixture's entry leaves them out of the decay.
void add_exclusion(const std::string& name, ToyKit& kit) {
  if (name.ends_with("no_1d")) kit.emplace_back("regularize.weight_decay", json::object());
}

json sgd_settings(const json& given) {
  return {{"lr", 1.0},
          {"momentum", given.value("momentum", 0.0)},
          {"nesterov", given.value("nesterov", false)},
          {"dampening", given.value("dampening", 0.0)},
          {"weight_decay", given.value("weight_decay", 0.0)}};
}

ToyKit sgd_kit(const std::string& name, const json& given) {
  auto settings = sgd_settings(given);
  if (name == "sgdw") settings["decay"] = "decoupled";
  ToyKit kit;
  if (name == "sgd_clip_norm") kit.emplace_back("regularize.clip", json{{"max_norm", given.at("max_norm")}});
  if (name == "sgd_agc")
    kit.emplace_back("regularize.agc",
                     json{{"factor", given.at("clip_factor")}, {"eps", given.at("eps")}, {"head", true}});
  kit.emplace_back("optimizer.sgd", settings);
  return kit;
}

/// Around SGD with momentum.
ToyKit wrapped_kit(const std::string& name, const json& given) {
  const bool asam = name.starts_with("asam"), sam = name.starts_with("sam");
  ToyKit kit;
  if (asam || sam) {
    EXPECT_EQ(given.at("adaptive"), asam);
    kit.emplace_back(asam ? "optimizer.asam" : "optimizer.sam", json{{"rho", given.at("rho")}});
  } else {
    kit.emplace_back("optimizer.lookahead",
                     json{{"every", given.at("k")},
                          {"alpha", given.at("alpha")},
                          {"start", name.ends_with("timm") ? "first_pull" : "initial"}});
  }
  kit.emplace_back("optimizer.sgd", sgd_settings(given));
  return kit;
}

json adaptive_settings(const json& given) {
  json settings{{"lr", 1.0}, {"weight_decay", given.value("weight_decay", 0.0)}};
  if (given.contains("betas")) settings.update({{"beta1", given["betas"][0]}, {"beta2", given["betas"][1]}});
  for (const auto* same : {"eps", "alpha", "momentum", "max_grad_norm", "always_adapt", "trust_clip"})
    if (given.contains(same)) settings[same] = given[same];
  return settings;
}

json muon_settings(const json& given) {
  EXPECT_EQ(given.at("ns_coefficients"), json({3.4445, -4.775, 2.0315}));
  return {{"lr", 1.0},
          {"momentum", given.at("momentum")},
          {"nesterov", given.at("nesterov")},
          {"iterations", given.at("ns_steps")},
          {"weight_decay", given.at("weight_decay")},
          {"depthwise", true},
          {"head", true},
          {"rest_lr", 0.0}};
}

/// How this project would be asked for an entry's trajectory; empty when it cannot be.
ToyKit kit_of(const json& fixture) {
  const std::string name = fixture.at("name");
  const auto& given = fixture.at("params");
  ToyKit kit;
  if (name.starts_with("sgd")) kit = sgd_kit(name, given);
  if (name.starts_with("sam") || name.starts_with("asam") || name.starts_with("lookahead"))
    kit = wrapped_kit(name, given);
  if (name.starts_with("muon")) kit = {{"optimizer.muon", muon_settings(given)}};
  for (const std::string adaptive : {"rmsprop", "rmsprop_tf", "adam", "adamw", "lamb", "lion"})
    if (name == adaptive || name.starts_with(adaptive + "_"))
      kit = {{"optimizer." + adaptive, adaptive_settings(given)}};
  if (!kit.empty()) add_exclusion(name, kit);
  return kit;
}

void expect_trajectory(const json& fixture, const json& one, const ToyKit& kit) {
  const std::string name = one.at("name");
  ToyTraining training(fixture, kit);
  ASSERT_EQ(one.at("trace").size(), one.at("lr").size()) << name;
  for (std::size_t t = 0; t < one.at("lr").size(); ++t) {
    const double norm = training.step(one["lr"][t]);
    const auto where = name + ", step " + std::to_string(t);
    if (one.contains("grad_norm")) {
      const double expected = one["grad_norm"][t];
      EXPECT_NEAR(norm, expected, 1e-9 * expected) << where;
    }
    expect_trace(training.weights(), one.at("trace")[t], where);
  }
  expect_final(training.weights(), one.at("final"), name);
  const double loss = one.at("final_loss");
  EXPECT_NEAR(training.loss(), loss, 1e-9 * loss) << name;
}

TEST(OptimizersFixture, ReproducesEveryTrajectoryOfEveryEntry) {
  const auto& fixture = toy_fixture();
  ASSERT_FALSE(fixture.at("optimizers").empty());
  for (const auto& one : fixture.at("optimizers")) {
    const auto kit = kit_of(one);
    if (kit.empty())
      ADD_FAILURE() << "nothing reproduces the entry " << one.at("name");
    else
      expect_trajectory(fixture, one, kit);
  }
}

TEST(OptimizersFixture, HasNoPartThatNobodyLooksAt) {
  const std::vector<std::string> known{"source", "steps",         "problem",    "tolerance", "optimizers",
                                       "agc",    "newton_schulz", "ema_decays", "averages"};
  const auto& fixture = toy_fixture();
  for (const auto& [part, value] : fixture.items())
    EXPECT_NE(std::find(known.begin(), known.end(), part), known.end()) << part;
}

TEST(OptimizersFixture, ReproducesTheClippedGradientOfEveryUnit) {
  const auto& fixture = toy_fixture();
  const auto& agc = fixture.at("agc");
  ToyTraining training(
      fixture,
      {{"regularize.agc", {{"factor", agc.at("clip_factor")}, {"eps", agc.at("eps")}, {"head", true}}}});
  training.step(1);
  const auto clipped = flat_of(agc.at("clipped_grad"));
  ASSERT_GT(clipped.numel(), 0);
  EXPECT_LT((training.set().gradients - clipped).abs().max().item<double>(), 1e-9);
}

TEST(OptimizersFixture, ReproducesEveryNewtonSchulzIteration) {
  const auto& fixture = toy_fixture();
  ASSERT_FALSE(fixture.at("newton_schulz").empty());
  for (const auto& one : fixture.at("newton_schulz")) {
    const auto shape = one.at("shape").get<std::vector<std::int64_t>>();
    std::vector<double> values(std::size_t(shape[0] * shape[1]));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(signed_fill(one.at("stream"), i));
    const auto ours = ingredients::newton_schulz(tensor_of(values, shape), one.at("steps"));
    const auto theirs = tensor_of(one.at("output").get<std::vector<double>>(), shape);
    EXPECT_LT((ours - theirs).abs().max().item<double>(), 1e-9) << one.at("shape");
  }
}

}  // namespace
}  // namespace ablate::test
