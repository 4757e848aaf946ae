#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "harness/graph/rewrite.h"
#include "tests/ingredients/toy_training.h"

namespace ablate::test {
namespace {

using nlohmann::json;

TEST(Clip, CutsOffValues) {
  ToyTraining training(toy_fixture(), {{"regularize.clip", {{"max_norm", nullptr}, {"max_value", 0.2}}}});
  training.step(1);
  EXPECT_EQ(training.set().gradients.abs().max().item<double>(), 0.2);
  EXPECT_EQ(training.at(0).counters().at("clipped"), 1);
}

TEST(Clip, LeavesGradientsWithinTheLimitAlone) {
  ToyTraining training(toy_fixture(), {{"regularize.clip", {{"max_norm", 1e6}, {"max_value", 1e6}}}});
  ToyTraining without(toy_fixture(), {});
  training.step(1);
  without.step(1);
  EXPECT_TRUE(at::equal(training.set().gradients, without.set().gradients));
  EXPECT_EQ(training.at(0).counters(), (Counters{{"updates", 1}, {"clipped", 0}}));
}

TEST(Clip, RefusesToClipWhatLambHasClipped) {
  const auto with = [](const json& lamb) { return json{{"optimizer", {{"lamb", lamb}}}}; };
  EXPECT_EQ(refusals("regularize.clip", json::object(), with({{"max_grad_norm", 1.0}})).size(), 1u);
  EXPECT_TRUE(refusals("regularize.clip", json::object(), with({{"max_grad_norm", nullptr}})).empty());
}

TEST(Agc, LeavesTheHeadAloneUnlessAskedTo) {
  const auto clips_head = [](bool head) {
    ToyTraining training(toy_fixture(), {{"regularize.agc", {{"head", head}}}}), without(toy_fixture(), {});
    training.step(1);
    without.step(1);
    const auto& segment = training.set().segments->back();
    EXPECT_EQ(segment.name, "fc.weight");
    return !at::equal(training.set().gradients.narrow(0, segment.offset, segment.length),
                      without.set().gradients.narrow(0, segment.offset, segment.length));
  };
  EXPECT_FALSE(clips_head(false));
  EXPECT_TRUE(clips_head(true));
}

/// Which of the toy's tensors decay.
std::vector<double> decayed(const json& settings) {
  ToyTraining training(toy_fixture(), {{"regularize.weight_decay", settings}});
  return training.set().decay_scale;
}

TEST(WeightDecay, LeavesOutWhatItsRulesExclude) {
  // conv, depthwise, pointwise, BatchNorm's weight and bias, head
  EXPECT_EQ(decayed(json::object()), (std::vector<double>{1, 1, 1, 0, 0, 1}));
  EXPECT_EQ(decayed({{"norm_and_bias", true}, {"depthwise", false}}),
            (std::vector<double>{1, 0, 1, 1, 1, 1}));
  EXPECT_EQ(decayed({{"head", false}}), (std::vector<double>{1, 1, 1, 0, 0, 0}));
}

TEST(WeightDecay, FallsAsAnnealingHasIt) {
  const auto factor = [](const json& settings, int step) {
    const auto decay = make("regularize.weight_decay", settings);
    Rates rates;
    decay->schedule(rates, {.epoch = step / 10, .step = step % 10, .epochs = 10, .steps_per_epoch = 10});
    return rates.weight_decay_factor;
  };
  EXPECT_EQ(factor(json::object(), 50), 1);
  EXPECT_DOUBLE_EQ(factor({{"anneal", "linear"}}, 25), 0.75);
  EXPECT_DOUBLE_EQ(factor({{"anneal", "linear"}, {"floor", 0.2}}, 50), 0.6);
  EXPECT_DOUBLE_EQ(factor({{"anneal", "cosine"}}, 50), 0.5);
  EXPECT_DOUBLE_EQ(factor({{"anneal", "cosine"}}, 0), 1);
}

TEST(WeightDecay, RefusesAnOptimizerThatDoesNotDecay) {
  const auto with = [](double decay) { return json{{"optimizer", {{"sgd", {{"weight_decay", decay}}}}}}; };
  EXPECT_EQ(refusals("regularize.weight_decay", json::object(), with(0)).size(), 1u);
  EXPECT_TRUE(refusals("regularize.weight_decay", json::object(), with(1e-4)).empty());
  EXPECT_EQ(refusals("regularize.weight_decay", {{"floor", 0.1}}, with(1e-4)).size(), 1u);
}

std::vector<std::string> zeroed(const Graph& graph) {
  auto weights = initial_weights(graph, 1);
  make("regularize.zero_gamma")->initialise(weights, graph);
  std::vector<std::string> names;
  for (const auto& entry : weights.entries())
    if (entry.kind == Kind::NormWeight && entry.tensor.abs().max().item<double>() == 0)
      names.push_back(entry.name);
  return names;
}

TEST(ZeroGamma, FindsTheLastBatchNormOfEveryResidualBlock) {
  EXPECT_EQ(zeroed(network_of("resnet", {{"depth", 8}})),
            (std::vector<std::string>{"layer1.0.bn2.weight", "layer2.0.bn2.weight", "layer3.0.bn2.weight"}));
  // Ten of MobileNetV2's seventeen blocks keep size and channels.
  EXPECT_EQ(zeroed(network_of("mobilenetv2")).size(), 10u);
}

TEST(ZeroGamma, SilencesEveryBranchOfTheSum) {
  const auto plain = network_of("mobilenetv2");
  auto branched = plain;
  add_branches(branched, {.convolutions = 2, .scale = false, .identity = false, .roles = {Role::Pointwise}});
  EXPECT_EQ(zeroed(branched).size(), 2 * zeroed(plain).size());
}

TEST(ZeroGamma, FindsNothingInANetworkWithoutSums) {
  const auto& entry = entry_of("regularize.zero_gamma");
  auto shuffle = network_of("shufflenetv2"), ghost = network_of("ghostnetv2");
  const auto before = ghost.digest();
  EXPECT_EQ(entry.rewrite(json::object(), shuffle), 0);
  EXPECT_GT(entry.rewrite(json::object(), ghost), 0);
  EXPECT_EQ(ghost.digest(), before) << "it only looks";
}

TEST(ZeroGamma, RefusesWeightsFromAFile) {
  EXPECT_EQ(
      refusals("regularize.zero_gamma", json::object(), {{"train", {{"init", "w.safetensors"}}}}).size(), 1u);
  EXPECT_TRUE(refusals("regularize.zero_gamma", json::object(), {{"train", {{"init", nullptr}}}}).empty());
}

}  // namespace
}  // namespace ablate::test
