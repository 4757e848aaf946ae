#include "harness/execute/executor.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "backbones/catalogue.h"
#include "harness/execute/operations.h"
#include "harness/graph/builder.h"
#include "harness/graph/rewrite.h"
#include "tests/execute/filled.h"

namespace ablate::test {
namespace {

Graph network(const std::string& backbone, const nlohmann::json& settings = nlohmann::json::object(),
              int size = 16) {
  return find_backbone(backbone)->build(settings, {3, size, size, 5});
}

/// A forward and backward pass of the squared logits; returns logits.
at::Tensor train_once(const Graph& graph, Weights& weights, const Pass& pass, int size = 16) {
  weights.require_gradients();
  weights.gradients().zero_();
  const auto images = filled_images(4, size, weights.trained().scalar_type());
  const auto logits = make_reference_executor(graph)->forward(weights, images, pass).logits;
  logits.square().sum().backward();
  return logits.detach();
}

std::set<Role> roles_everywhere() {
  std::set<Role> roles;
  for (const auto& name : role_names()) roles.insert(role_named(name));
  return roles;
}

TEST(ReferenceExecutor, GivesEqualBitsTwice) {
  for (const auto& entry : backbone_catalogue()) {
    SCOPED_TRACE(entry.name);
    Graph graph = network(entry.name);
    add_branches(graph, {.roles = roles_everywhere()});
    auto first = initial_weights(graph, 1), second = initial_weights(graph, 1);
    const Pass pass{.training = true, .seed = 1, .epoch = 2, .step = 3};
    EXPECT_TRUE(at::equal(train_once(graph, first, pass), train_once(graph, second, pass)));
    EXPECT_TRUE(at::equal(first.gradients(), second.gradients()));
    EXPECT_TRUE(at::equal(first.statistics(), second.statistics()));
  }
}

TEST(ReferenceExecutor, ComputesWithOneBranchWhatItComputesWithNoneBitForBit) {
  for (const auto& entry : backbone_catalogue()) {
    SCOPED_TRACE(entry.name);
    const Graph plain = network(entry.name);
    Graph branched = plain;
    add_branches(branched,
                 {.convolutions = 1, .scale = false, .identity = false, .roles = roles_everywhere()});
    auto expected = initial_weights(plain, 7), actual = initial_weights(branched, 7);
    const Pass pass{.training = true, .seed = 7};
    EXPECT_TRUE(at::equal(train_once(plain, expected, pass), train_once(branched, actual, pass)));
    EXPECT_TRUE(at::equal(expected.gradients(), actual.gradients())) << "the flat layout is the same too";
    EXPECT_TRUE(at::equal(expected.trained(), actual.trained()));
    EXPECT_TRUE(at::equal(expected.statistics(), actual.statistics()));
  }
}

TEST(ReferenceExecutor, HandsOutMapsWithoutChangingAnything) {
  for (const auto& entry : backbone_catalogue()) {
    SCOPED_TRACE(entry.name);
    const Graph graph = network(entry.name);
    std::vector<std::string> taps;
    for (const auto& [name, value] : graph.taps) taps.push_back(name);
    for (const auto& node : graph.nodes) {
      if (node.op == Op::Unit) taps.push_back(node.path + ".out");
      for (const auto& branch : node.branches)
        for (const auto& link : branch.links) taps.push_back(link.name);
    }
    auto with = initial_weights(graph, 1), without = initial_weights(graph, 1);
    const Pass silent{.training = true, .seed = 1};
    Pass tapping = silent;
    tapping.taps = taps;
    EXPECT_TRUE(at::equal(train_once(graph, with, tapping), train_once(graph, without, silent)));
    EXPECT_TRUE(at::equal(with.gradients(), without.gradients()));
  }
}

TEST(ReferenceExecutor, TapsAConvolutionBeforeItsBatchNormAndAUnitAfterItsActivation) {
  const Graph graph = network("resnet", {{"depth", 8}});
  const auto weights = filled_weights(graph, 3, at::kDouble);
  const at::NoGradGuard no_grad;
  const auto images = filled_images(2, 16, at::kDouble);
  const auto taps = make_reference_executor(graph)
                        ->forward(weights, images, {.taps = {"conv1", "bn1", "conv1.out", "relu"}})
                        .taps;
  const auto &conv = taps.at("conv1"), &norm = taps.at("bn1"), &out = taps.at("conv1.out");
  const auto scale = weights.at("bn1.weight") / (weights.at("bn1.running_var") + 1e-5).sqrt();
  const auto shift = weights.at("bn1.bias") - weights.at("bn1.running_mean") * scale;
  EXPECT_LT(distance(norm, conv * scale.view({1, -1, 1, 1}) + shift.view({1, -1, 1, 1})), 1e-12);
  EXPECT_TRUE(at::equal(out, norm.relu()));
  EXPECT_TRUE(at::equal(taps.at("relu"), out));
}

TEST(ReferenceExecutor, UpdatesRunningStatisticsOnlyWhenTrainingSaysSo) {
  const Graph graph = network("mobilenetv2", {{"width", 0.35}});
  const auto initial = initial_weights(graph, 1);
  auto frozen = initial.clone(), updated = initial.clone(), evaluated = initial.clone();
  const auto a = train_once(graph, frozen, {.training = true, .update_statistics = false, .seed = 1});
  const auto b = train_once(graph, updated, {.training = true, .seed = 1});
  train_once(graph, evaluated, {});
  EXPECT_TRUE(at::equal(a, b)) << "a frozen pass computes the same";
  EXPECT_TRUE(at::equal(frozen.gradients(), updated.gradients()));
  EXPECT_TRUE(at::equal(frozen.statistics(), initial.statistics()));
  EXPECT_TRUE(at::equal(evaluated.statistics(), initial.statistics()));
  EXPECT_FALSE(at::equal(updated.statistics(), initial.statistics()));
}

TEST(ReferenceExecutor, KeepsTheBatchAxisOfOneImage) {
  const Graph graph = network("ghostnetv2");
  const at::NoGradGuard no_grad;
  const auto logits = make_reference_executor(graph)
                          ->forward(initial_weights(graph, 1), filled_images(1, 16, at::kFloat), {})
                          .logits;
  EXPECT_EQ(logits.sizes().vec(), (std::vector<std::int64_t>{1, 5}));
}

TEST(ReferenceExecutor, TakesImagesOfAnotherSizeThanTheGraphWasBuiltFor) {
  const Graph large = network("ghostnetv2", {{"stem", "cifar"}}, 32),
              small = network("ghostnetv2", {{"stem", "cifar"}}, 23);
  const auto weights = filled_weights(large, 4.5, at::kDouble);
  const at::NoGradGuard no_grad;
  const auto images = filled_images(2, 23, at::kDouble);
  EXPECT_TRUE(at::equal(make_reference_executor(large)->forward(weights, images, {}).logits,
                        make_reference_executor(small)->forward(weights, images, {}).logits));
}

TEST(ReferenceExecutor, RefusesWeightsOfAnotherForm) {
  const Graph plain = network("mobilenetv2");
  Graph branched = plain;
  add_branches(branched, {});
  EXPECT_THAT(
      [&] {
        make_reference_executor(branched)->forward(initial_weights(plain, 1),
                                                   filled_images(1, 16, at::kFloat), {});
      },
      testing::ThrowsMessage<Error>(testing::HasSubstr("another network")));
}

Node noise(Op op, double rate) {
  return {.op = op, .path = "noise", .rate = rate};
}

TEST(Dropout, KeepsTheMeanAndIsKeyedBySeedEpochAndStep) {
  const auto x = at::ones({64, 500, 1, 1});
  const auto node = noise(Op::Dropout, 0.2);
  const Pass pass{.training = true, .seed = 5, .epoch = 1, .step = 9};
  const auto y = drop(x, node, pass);
  EXPECT_NEAR(y.mean().item<double>(), 1.0, 5 * 0.5 / std::sqrt(32000.0));
  EXPECT_NEAR(y.max().item<double>(), 1.25, 1e-6);
  EXPECT_TRUE(at::equal(y, drop(x, node, pass)));
  for (const auto& other : {Pass{.training = true, .seed = 6, .epoch = 1, .step = 9},
                            Pass{.training = true, .seed = 5, .epoch = 2, .step = 9},
                            Pass{.training = true, .seed = 5, .epoch = 1, .step = 8}})
    EXPECT_FALSE(at::equal(y, drop(x, node, other)));
}

TEST(DropPath, ZeroesWholeSamples) {
  const auto y = drop(at::ones({200, 3, 2, 2}), noise(Op::DropPath, 0.5), {.training = true, .seed = 1});
  const auto sums = y.sum({1, 2, 3});
  int dropped = 0;
  for (std::int64_t i = 0; i < 200; ++i) {
    const double sum = sums[i].item<double>();
    EXPECT_TRUE(sum == 0 || sum == 24) << sum;
    dropped += sum == 0;
  }
  EXPECT_NEAR(dropped, 100, 36);  // five standard deviations
}

TEST(Dropout, DoesNothingInEvaluation) {
  const Graph with = network("mobilenetv2", {{"dropout", 0.5}}),
              without = network("mobilenetv2", {{"dropout", 0.0}});
  const at::NoGradGuard no_grad;
  const auto images = filled_images(2, 16, at::kFloat);
  EXPECT_TRUE(
      at::equal(make_reference_executor(with)->forward(initial_weights(with, 1), images, {}).logits,
                make_reference_executor(without)->forward(initial_weights(without, 1), images, {}).logits));
}

TEST(Upsample, TakesTheFloorOfTheExactRatio) {
  for (const auto& [in, out] :
       std::vector<std::pair<int, int>>{{1, 3}, {3, 7}, {4, 8}, {7, 15}, {3, 41}, {5, 5}}) {
    const auto x = at::arange(in * in, at::TensorOptions(at::kDouble)).view({1, 1, in, in});
    const auto y = upsample(x, out, out);
    for (int row = 0; row < out; ++row)
      for (int column = 0; column < out; ++column)
        ASSERT_EQ(y[0][0][row][column].item<double>(), row * in / out * in + column * in / out)
            << in << " to " << out;
  }
}

}  // namespace
}  // namespace ablate::test
