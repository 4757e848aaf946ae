#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "backbones/catalogue.h"
#include "harness/execute/executor.h"
#include "harness/graph/rewrite.h"
#include "tests/execute/filled.h"

namespace ablate::test {
namespace {

constexpr int kImages = 8, kSize = 33;  // odd maps and remainders

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
    const auto graph = find_backbone(backbone)->build(settings, {3, kSize, kSize, 7});
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

/// In training, with the statistics frozen, and in evaluation; with every stage's map.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto& network : networks())
    for (int mode = 0; mode < 3; ++mode) {
      auto c = network;
      c.what += mode == 0 ? ", training" : mode == 1 ? ", statistics frozen" : ", evaluation";
      c.pass = {.training = mode < 2, .update_statistics = mode == 0, .seed = 1, .epoch = 2, .step = 3};
      for (const auto& [name, value] : c.graph.taps)
        if (name.starts_with("stage.")) c.pass.taps.push_back(name);
      all.push_back(c);
    }
  return all;
}

Results run(const Executor& executor, const Case& c, std::uint64_t seed, at::ScalarType type) {
  auto weights = initial_weights(c.graph, seed, type);
  weights.require_gradients();
  auto images = filled_images(kImages, kSize, type).requires_grad_(true);
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

/// Per name the error of the executor's float32, in the middle of some seeds: a ReLU at zero may fall on
/// either side.
std::map<std::string, double> errors(const Executor& executor, const Case& c) {
  const auto reference = make_reference_executor(c.graph);
  std::map<std::string, std::vector<double>> all;
  for (const std::uint64_t seed : {1, 2, 3}) {
    const auto values = run(executor, c, seed, at::kFloat);
    for (const auto& [name, truth] : run(*reference, c, seed, at::kDouble)) {
      EXPECT_EQ(values.at(name).sizes(), truth.sizes()) << name;
      all[name].push_back(error(values.at(name), truth));
    }
  }
  std::map<std::string, double> middle;
  for (auto& [name, list] : all) {
    std::sort(list.begin(), list.end());
    middle[name] = list[1];
  }
  return middle;
}

TEST(FusedExecutor, IsAtMostHalfAsFarAgainFromDoublePrecisionAsTheReference) {
  for (const auto& c : cases()) {
    SCOPED_TRACE(c.what);
    const auto usual = errors(*make_reference_executor(c.graph), c);
    for (const auto& [name, own] : errors(*make_fused_executor(c.graph), c))
      EXPECT_LE(own, 1.5 * usual.at(name) + 2e-6) << name;
  }
}

}  // namespace
}  // namespace ablate::test
