#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "backbones/catalogue.h"
#include "harness/execute/executor.h"
#include "harness/execute/threads.h"
#include "harness/graph/rewrite.h"
#include "tests/execute/filled.h"

/// The fused executor with maps in bfloat16, against double precision. A ReLU whose input is near zero may
/// fall on either side after rounding, which turns the gradient of a fresh network of many layers, in any
/// precision; so networks are compared without ReLUs, and one with them after training.
namespace ablate::test {
namespace {

constexpr int kImages = 32, kClasses = 7;

struct NamedNetwork {
  std::string what;
  Graph graph;
};

/// Every kind of step, with branches and without.
std::vector<NamedNetwork> networks() {
  std::vector<NamedNetwork> all;
  for (const auto& [backbone, settings] :
       std::vector<std::pair<std::string, nlohmann::json>>{{"resnet", {{"depth", 8}}},
                                                           {"shufflenetv2", {{"width", 0.5}}},
                                                           {"mobilenetv2", {{"width", 0.35}}},
                                                           {"ghostnetv2", {{"width", 0.4}}}}) {
    const auto graph = find_backbone(backbone)->build(settings, {3, 32, 32, kClasses});
    all.push_back({backbone, graph});
    if (backbone == "resnet") continue;
    auto branched = graph;
    add_branches(branched, {});
    all.push_back({backbone + " with branches", branched});
  }
  return all;
}

/// Images of a class are noise over a pattern of its own.
at::Tensor images_of(int batch) {
  const auto patterns = filled_images(kClasses, 32, at::kFloat);
  const auto noise = filled_images((batch + 1) * kImages, 32, at::kFloat).narrow(0, batch * kImages, kImages);
  return patterns.index_select(0, at::arange(kImages).remainder(kClasses)) + 0.5 * noise.roll(5, 3);
}

at::Tensor loss_of(const Output& output) {
  return at::cross_entropy_loss(output.logits, at::arange(kImages).remainder(kClasses));
}

/// All gradients after each other, in the order of their elements (a flat buffer's depends on the type).
at::Tensor gradient_of(const Weights& weights) {
  std::vector<at::Tensor> all;
  for (const auto& entry : weights.entries())
    if (entry.trained()) all.push_back(entry.tensor.grad().reshape(-1));
  return at::cat(all);
}

/// What a training pass gives, by name.
std::map<std::string, at::Tensor> pass_through(const Executor& executor, Weights weights,
                                               const at::Tensor& images) {
  weights.require_gradients();
  const auto output = executor.forward(weights, images, {.training = true, .taps = {"stage.2"}});
  loss_of(output).backward();
  return {{"logits", output.logits.detach()},
          {"map", output.taps.at("stage.2").detach()},
          {"statistics", weights.statistics()},
          {"gradient", gradient_of(weights)}};
}

Weights trained(const Graph& graph, int steps) {
  const auto executor = make_fused_executor(graph);
  auto weights = initial_weights(graph, 1);
  weights.require_gradients();
  for (int step = 0; step < steps; ++step) {
    weights.gradients().zero_();
    loss_of(executor->forward(weights, images_of(step % 4), {.training = true})).backward();
    const at::NoGradGuard no_gradients;
    weights.trained().sub_(weights.gradients(), 0.05);
  }
  return weights.clone();
}

Weights in_double(const Graph& graph, const Weights& weights) {
  Weights copy(graph, at::kDouble);
  for (const auto& entry : copy.entries()) entry.tensor.copy_(weights.at(entry.name));
  return copy;
}

double error(const at::Tensor& value, const at::Tensor& truth) {
  const auto exact = truth.to(at::kDouble);
  return (value.to(at::kDouble) - exact).norm().item<double>() / exact.norm().item<double>();
}

double cosine(const at::Tensor& a, const at::Tensor& b) {
  const auto x = a.to(at::kDouble), y = b.to(at::kDouble);
  return (x * y).sum().item<double>() / (x.norm() * y.norm()).item<double>();
}

Graph without_relus(Graph graph) {
  for (auto& node : graph.nodes)
    if (node.activation == Activation::Relu || node.activation == Activation::Relu6)
      node.activation = Activation::None;
  return graph;
}

/// Every unit rounds its factors and its output once each, by 2^-8 at most and 2^-8 / sqrt(3) in the mean;
/// what the three of all units do adds up like independent errors.
double rounding_of(const Graph& graph) {
  const auto units = std::count_if(graph.nodes.begin(), graph.nodes.end(),
                                   [](const Node& node) { return node.op == Op::Unit; });
  return std::sqrt(static_cast<double>(units)) / 256;
}

TEST(FusedExecutorInBFloat16, IsOffByTheRoundingOfItsMaps) {
  for (const auto& network : networks()) {
    SCOPED_TRACE(network.what);
    const auto graph = without_relus(network.graph);
    const auto weights = initial_weights(graph, 1);
    const auto images = images_of(4);
    const auto truth =
        pass_through(*make_reference_executor(graph), in_double(graph, weights), images.to(at::kDouble));
    const auto own = pass_through(*make_fused_executor(graph, Precision::BFloat16), weights.clone(), images);
    for (const auto& [name, value] : own) EXPECT_EQ(value.scalar_type(), at::kFloat) << name;
    const double bound = rounding_of(graph);
    EXPECT_LE(error(own.at("logits"), truth.at("logits")), bound);
    EXPECT_LE(error(own.at("map"), truth.at("map")), bound);
    EXPECT_LE(error(own.at("statistics"), truth.at("statistics")), 0.1 * bound);  // the batch's share of them
    EXPECT_GE(cosine(own.at("gradient"), truth.at("gradient")), 1 - 2 * bound * bound);
  }
}

TEST(FusedExecutorInBFloat16, GivesTheGradientOfATrainedNetwork) {
  const auto graph = find_backbone("resnet")->build({{"depth", 8}}, {3, 32, 32, kClasses});
  const auto weights = trained(graph, 20);
  const auto images = images_of(4);
  const auto truth =
      pass_through(*make_reference_executor(graph), in_double(graph, weights), images.to(at::kDouble));
  const auto own = pass_through(*make_fused_executor(graph, Precision::BFloat16), weights.clone(), images);
  EXPECT_GE(cosine(own.at("gradient"), truth.at("gradient")), 0.99);
}

TEST(FusedExecutorInBFloat16, GivesEqualBitsTwiceWhateverTheNumberOfThreads) {
  for (const auto& network : networks()) {
    SCOPED_TRACE(network.what);
    const auto fused = make_fused_executor(network.graph, Precision::BFloat16);
    const auto run = [&](int threads) {
      set_kernel_threads(threads);
      return pass_through(*fused, initial_weights(network.graph, 1), images_of(0));
    };
    const auto first = run(1), again = run(1), two = run(2);
    for (const auto& [name, value] : first) {
      EXPECT_TRUE(at::equal(value, again.at(name))) << name;
      EXPECT_TRUE(at::equal(value, two.at(name))) << name << " with two threads";
    }
  }
  set_kernel_threads(1);
}

}  // namespace
}  // namespace ablate::test
