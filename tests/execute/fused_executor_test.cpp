#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "backbones/catalogue.h"
#include "harness/execute/executor.h"
#include "harness/execute/threads.h"
#include "harness/graph/builder.h"
#include "harness/graph/rewrite.h"
#include "tests/execute/filled.h"

namespace ablate::test {
namespace {

constexpr int kImages = 5, kSize = 17;  // odd maps and remainders

/// Everything a pass gives: logits, maps, running statistics and gradients, by name.
using Results = std::map<std::string, at::Tensor>;

struct Case {
  std::string what;
  Graph graph;
  Pass pass;
};

std::set<Role> all_roles() {
  std::set<Role> roles;
  for (const auto& name : role_names()) roles.insert(role_named(name));
  return roles;
}

/// Networks at several widths, plain, with branches in the usual roles and in all, fused and deployed.
std::vector<Case> networks() {
  const std::vector<std::pair<std::string, nlohmann::json>> plain{
      {"ghostnetv2", {{"width", 0.4}}},   {"ghostnetv2", {{"width", 1.3}, {"layout", "small"}}},
      {"mobilenetv2", {{"width", 0.35}}}, {"shufflenetv2", {{"width", 0.5}}},
      {"resnet", {{"depth", 8}}},         {"shufflenetv2", {{"stem", "imagenet"}}}};
  std::vector<Case> cases;
  for (const auto& [backbone, settings] : plain) {
    const int size = settings.contains("stem") ? 3 * kSize : kSize;
    const auto graph = find_backbone(backbone)->build(settings, {3, size, size, 7});
    auto branched = graph, everywhere = graph;
    add_branches(branched, {});
    add_branches(everywhere, {.convolutions = 2, .roles = all_roles()});
    const auto name = backbone + settings.dump();
    cases.push_back({name, graph, {}});
    cases.push_back({name + " with branches", branched, {}});
    cases.push_back({name + " with branches everywhere", everywhere, {}});
    cases.push_back({name + " fused", fused(branched), {}});
    cases.push_back({name + " deployed", deployed(branched), {}});
  }
  return cases;
}

/// In training, with the statistics frozen, and in evaluation; with every stage's map. What is folded is not
/// trained.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto& network : networks())
    for (int mode = 0; mode < 3; ++mode) {
      if (mode < 2 && (network.what.ends_with(" fused") || network.what.ends_with(" deployed"))) continue;
      if (mode == 1 && network.what.find(" with branches everywhere") == std::string::npos) continue;
      auto c = network;
      c.what += mode == 0 ? ", training" : mode == 1 ? ", statistics frozen" : ", evaluation";
      c.pass = {.training = mode < 2, .update_statistics = mode == 0, .seed = 1, .epoch = 2, .step = 3};
      for (const auto& [name, value] : c.graph.taps)
        if (name.starts_with("stage.")) c.pass.taps.push_back(name);
      all.push_back(c);
    }
  return all;
}

Results run(const Executor& executor, const Case& c, at::ScalarType type) {
  auto weights = initial_weights(c.graph, 1, type);
  weights.require_gradients();
  auto images = filled_images(kImages, c.graph.nodes[0].shape.height, type).requires_grad_(true);
  const auto output = executor.forward(weights, images, c.pass);
  auto loss = (output.logits * output.logits.detach()).sum() + output.logits.square().sum();
  Results results{{"logits", output.logits.detach()}};
  for (const auto& [name, map] : output.taps) {
    loss = loss + map.square().mean();
    results["map " + name] = map.detach();
  }
  loss.backward();
  results["gradient of the images"] = images.grad();
  results["statistics"] = weights.statistics();
  results["gradient"] = weights.gradients();
  return results;
}

double error(const at::Tensor& value, const at::Tensor& truth) {
  const auto exact = truth.to(at::kDouble);
  return (value.to(at::kDouble) - exact).norm().item<double>() / std::max(1e-12, exact.norm().item<double>());
}

/// Without ReLUs: one whose input is zero to rounding may fall on either side, which says nothing about
/// accuracy.
Case smooth(Case c) {
  for (auto& node : c.graph.nodes)
    if (node.activation == Activation::Relu || node.activation == Activation::Relu6)
      node.activation = Activation::None;
  return c;
}

/// Per name how far float32 is from double precision: the reference executor and the fused one.
std::map<std::string, std::pair<double, double>> errors(const Case& c) {
  const auto reference = make_reference_executor(c.graph);
  const auto usual = run(*reference, c, at::kFloat), own = run(*make_fused_executor(c.graph), c, at::kFloat);
  std::map<std::string, std::pair<double, double>> all;
  for (const auto& [name, truth] : run(*reference, c, at::kDouble)) {
    EXPECT_EQ(own.at(name).sizes(), truth.sizes()) << name;
    all[name] = {error(usual.at(name), truth), error(own.at(name), truth)};
  }
  return all;
}

/// The worst of the logits and maps: each alone is too few values for its error to say much.
std::pair<double, double> worst_map(const std::map<std::string, std::pair<double, double>>& errors) {
  std::pair<double, double> worst{0, 0};
  for (const auto& [name, error] : errors)
    if (name == "logits" || name.starts_with("map "))
      worst = {std::max(worst.first, error.first), std::max(worst.second, error.second)};
  return worst;
}

void expect_bounded(const std::pair<double, double>& error, const std::string& what) {
  EXPECT_LE(error.second, 1.5 * error.first + 2e-6) << what;
}

TEST(FusedExecutor, IsAtMostHalfAsFarAgainFromDoublePrecisionAsTheReference) {
  for (const auto& c : cases()) {
    SCOPED_TRACE(c.what);
    const auto all = errors(smooth(c));
    expect_bounded(worst_map(all), "maps");
    for (const auto* name : {"statistics", "gradient", "gradient of the images"})
      expect_bounded(all.at(name), name);
  }
}

TEST(FusedExecutor, ComputesReLUsWithinTheSameBounds) {
  for (const auto& c : cases()) {
    SCOPED_TRACE(c.what);
    const auto all = errors(c);
    expect_bounded(worst_map(all), "maps");
    expect_bounded(all.at("statistics"), "statistics");
  }
}

/// The gradient of `whole` is that of `wide` too, which gives a part of its own to the first half before the
/// second half's is read.
Graph half_read_late() {
  GraphBuilder net({3, kSize, kSize, 7});
  const auto unit = [&](Value x, const std::string& name, int out) {
    return net.unit(x, name, "conv", {.out = out, .norm = "bn"});
  };
  const Value stem = unit(net.input(), "stem", 16), first = unit(stem, "first", 4);
  const Value second = unit(stem, "second", 4), whole = net.concat(first, second);
  const Value wide = unit(first, "wide", 8);
  net.linear(net.global_pool(net.add(wide, whole, "sum")), "classifier", 7);
  return net.finish({}, {});
}

TEST(FusedExecutor, KeepsAGradientThatTwoMapsShareWhereItIsStillToBeRead) {
  for (const auto& [name, error] :
       errors({"", half_read_late(), {.training = true, .update_statistics = true}}))
    expect_bounded(error, name);
}

TEST(FusedExecutor, GivesEqualBitsTwiceWhateverTheNumberOfThreads) {
  for (const auto& c : cases()) {
    if (!c.what.ends_with(" with branches, training")) continue;
    SCOPED_TRACE(c.what);
    const auto fused = make_fused_executor(c.graph);
    set_kernel_threads(1);
    const auto first = run(*fused, c, at::kFloat), again = run(*fused, c, at::kFloat);
    set_kernel_threads(2);
    const auto two = run(*fused, c, at::kFloat);
    for (const auto& [name, value] : first) {
      EXPECT_TRUE(at::equal(value, again.at(name))) << name;
      EXPECT_TRUE(at::equal(value, two.at(name))) << name << " with two threads";
    }
  }
  set_kernel_threads(1);
}

TEST(FusedExecutor, TakesImagesOfAnotherSizeThanTheGraphs) {
  for (const auto& network : networks()) {
    SCOPED_TRACE(network.what);
    const at::NoGradGuard no_gradients;
    const auto weights = initial_weights(network.graph, 1);
    const auto images = filled_images(2, 40, at::kFloat);
    const auto expected = make_reference_executor(network.graph)->forward(weights, images, {}).logits;
    EXPECT_LE(error(make_fused_executor(network.graph)->forward(weights, images, {}).logits, expected), 1e-4);
  }
}

TEST(FusedExecutor, KeepsWhatFollowsFromWeightsBetweenPassesAndGivesTheSameBits) {
  const at::NoGradGuard no_gradients;
  for (const auto& network : networks()) {
    SCOPED_TRACE(network.what);
    auto weights = initial_weights(network.graph, 1);
    const auto fused = make_fused_executor(network.graph);
    Pass keeping, training;
    keeping.kept = training.kept = std::make_shared<KeptWeights>();
    training.training = true;
    for (const int size : {40, 40, 33}) {
      const auto images = filled_images(2, size, at::kFloat);
      EXPECT_TRUE(at::equal(fused->forward(weights, images, keeping).logits,
                            fused->forward(weights, images, {}).logits));
    }
    if (network.what.ends_with(" fused") || network.what.ends_with(" deployed")) continue;
    weights.trained().mul_(2);  // what training reads is never kept
    const auto images = filled_images(2, 40, at::kFloat);
    auto twin = weights.clone();
    EXPECT_TRUE(at::equal(fused->forward(weights, images, training).logits,
                          fused->forward(twin, images, {.training = true}).logits));
  }
}

TEST(FusedExecutor, RefusesWeightsOfAnotherNetwork) {
  const auto all = cases();
  const auto executor = make_fused_executor(all.front().graph);
  EXPECT_THROW(
      executor->forward(initial_weights(all.back().graph, 1), filled_images(2, kSize, at::kFloat), {}),
      Error);
}

}  // namespace
}  // namespace ablate::test
