#include <gtest/gtest.h>

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "backbones/catalogue.h"
#include "harness/execute/executor.h"
#include "tests/execute/filled.h"
#include "tests/ingredients/loss_support.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

using nlohmann::json;

Graph small_network(const std::string& name, json settings = json::object()) {
  if (name != "resnet" && name != "shufflenetv2") settings["width"] = 0.1;
  return find_backbone(name)->build(settings, {3, 16, 16, 4});
}

std::vector<double> rates_of(const Graph& graph, Op op) {
  std::vector<double> rates;
  for (const auto& node : graph.nodes)
    if (node.op == op) rates.push_back(node.rate);
  return rates;
}

int rewritten(const std::string& name, const json& given, Graph& graph) {
  const auto& entry = entry_of(name);
  return entry.rewrite(settings_of(entry, given), graph);
}

TEST(Dropout, TakesThePlaceOfTheBackbonesOwn) {
  for (const double own : {0.0, 0.3})
    for (const std::string backbone : {"mobilenetv2", "ghostnetv2"}) {
      auto graph = small_network(backbone, {{"dropout", own}});
      EXPECT_EQ(rewritten("regularize.dropout", {{"rate", 0.2}}, graph), 1);
      EXPECT_EQ(rates_of(graph, Op::Dropout), std::vector<double>{0.2}) << backbone << ", own rate " << own;
      EXPECT_EQ(graph.digest(), small_network(backbone).digest()) << "the same function of its weights";
    }
}

TEST(Dropout, IsInsertedBeforeTheClassifierOfANetworkWithout) {
  auto graph = small_network("shufflenetv2", {{"width", 0.5}});
  EXPECT_EQ(rewritten("regularize.dropout", {{"rate", 0.2}}, graph), 1);
  const auto& classifier = graph.nodes.back();
  EXPECT_EQ(classifier.op, Op::Linear);
  EXPECT_EQ(graph.nodes[classifier.inputs[0]].op, Op::Dropout);
}

TEST(Dropout, FindsNothingToTakeOutOfANetworkWithout) {
  auto graph = small_network("shufflenetv2", {{"width", 0.5}});
  EXPECT_EQ(rewritten("regularize.dropout", {{"rate", 0}}, graph), 0);
}

TEST(DropPath, GrowsLinearlyWithDepth) {
  const std::size_t sums = rates_of(small_network("mobilenetv2"), Op::Add).size();
  const auto rates = [&](const char* growth) {
    auto graph = small_network("mobilenetv2");
    const int changed = rewritten("regularize.drop_path", {{"rate", 0.3}, {"growth", growth}}, graph);
    const auto found = rates_of(graph, Op::DropPath);
    EXPECT_EQ(found.size(), std::size_t(changed));
    return found;
  };
  const auto from_zero = rates("from_zero"), paper = rates("paper"), constant = rates("constant");
  ASSERT_EQ(from_zero.size(), sums - 1) << "the first is never left out";
  ASSERT_EQ(paper.size(), sums);
  for (std::size_t i = 0; i < sums; ++i) {
    EXPECT_NEAR(paper[i], 0.3 * double(i + 1) / double(sums), 1e-15);
    EXPECT_NEAR(constant[i], 0.3, 1e-15);
    if (i > 0) {
      EXPECT_NEAR(from_zero[i - 1], 0.3 * double(i) / double(sums - 1), 1e-15);
    }
  }
}

TEST(DropPath, StandsOnTheBranchAndLeavesTheShortcut) {
  auto graph = small_network("resnet", {{"depth", 20}});
  rewritten("regularize.drop_path", {{"growth", "constant"}}, graph);
  for (const auto& node : graph.nodes)
    if (node.op == Op::Add) {
      EXPECT_EQ(graph.nodes[node.inputs[0]].op, Op::DropPath);
      EXPECT_NE(graph.nodes[node.inputs[1]].op, Op::DropPath);
    }
}

TEST(DropPath, FindsNothingInANetworkWithoutSums) {
  auto graph = small_network("shufflenetv2", {{"width", 0.5}});
  EXPECT_EQ(rewritten("regularize.drop_path", json::object(), graph), 0);
}

/// Answers with logits that depend on the seed of the draws, and remembers how it was asked.
class NoisyStudent final : public Student {
 public:
  Weights& weights() override { return weights_; }
  const Graph& graph() const override { return graph_; }
  Output forward(const at::Tensor&, const Pass& pass) override {
    asked.push_back(pass);
    return {filled({4, 3}, pass.seed % 1000 + 1), {}};
  }
  Output forward_with(const Weights&, const at::Tensor& images, const Pass& pass) override {
    return forward(images, pass);
  }
  std::vector<Pass> asked;

 private:
  Graph graph_;
  Weights weights_;
};

Loss r_drop_terms(const json& settings, NoisyStudent& network) {
  const auto ingredient = make("regularize.r_drop", settings);
  begin(*ingredient, "regularize.r_drop");
  const Batch batch{
      .images = {}, .targets = at::eye(4, at::kDouble).narrow(1, 0, 3), .labels = {}, .ids = {}};
  const Pass pass{.training = true, .seed = 5};
  const Output output = network.forward({}, pass);
  const std::map<std::string, Output> teachers;
  const Progress at{};
  Loss loss;
  loss.add("task", 0.8, tensor_of({1}, {}));
  ingredient->add_loss({at, batch, output, teachers, network, pass}, loss);
  return loss;
}

TEST(RDrop, BringsTwoPassesWithOtherDrawsTogether) {
  NoisyStudent network;
  const auto loss = r_drop_terms({{"task", "first"}}, network);
  ASSERT_EQ(network.asked.size(), 2u);
  EXPECT_NE(network.asked[0].seed, network.asked[1].seed);
  EXPECT_FALSE(network.asked[1].update_statistics);
  const auto p = at::softmax(network.forward({}, network.asked[0]).logits, 1);
  const auto q = at::softmax(network.forward({}, network.asked[1]).logits, 1);
  const auto expected = ((p * (p / q).log()).sum() + (q * (q / p).log()).sum()) / 8;
  ASSERT_EQ(loss.terms().size(), 2u);
  EXPECT_EQ(loss.terms()[0].weight, 0.8);
  EXPECT_NEAR(loss.terms()[1].value.item<double>(), expected.item<double>(), 1e-12);
}

TEST(RDrop, SharesTheTaskTermBetweenBothPasses) {
  NoisyStudent network;
  const auto loss = r_drop_terms(json::object(), network);
  ASSERT_EQ(loss.terms().size(), 3u);
  EXPECT_EQ(loss.terms()[0].weight, 0.4);
  EXPECT_EQ(loss.terms()[1].name, "regularize.r_drop.task");
  EXPECT_EQ(loss.terms()[1].weight, 0.4);
}

std::size_t r_drop_reasons(json recipe, const json& given = json::object()) {
  const auto& entry = entry_of("regularize.r_drop");
  const auto settings = settings_of(entry, given);
  recipe["regularize"]["r_drop"] = settings;
  return entry.refuses(settings, {recipe, 10}).size();
}

TEST(RDrop, RefusesPassesThatCannotDiffer) {
  const json without{{"backbone", {{"shufflenetv2", {{"width", 1.0}}}}}};
  const json with{{"backbone", {{"mobilenetv2", {{"dropout", 0.2}}}}}};
  EXPECT_EQ(r_drop_reasons(without), 1u);
  EXPECT_EQ(r_drop_reasons(with), 0u);
  auto inserted = without, taken_out = with;
  inserted["regularize"]["dropout"] = {{"rate", 0.2}};
  taken_out["regularize"]["dropout"] = {{"rate", 0.0}};
  EXPECT_EQ(r_drop_reasons(inserted), 0u);
  EXPECT_EQ(r_drop_reasons(taken_out), 1u);
}

TEST(RDrop, RefusesToJudgeItsPassesByTwoLosses) {
  const json binary{{"loss", {{"bce", json::object()}}}};
  EXPECT_EQ(r_drop_reasons(binary), 1u);
  EXPECT_EQ(r_drop_reasons(binary, {{"task", "first"}}), 0u);
}

/// The depthwise units of a small network, each as a 3x3 and a 1x1 branch.
class EquivalentDecayTest : public testing::Test {
 protected:
  EquivalentDecayTest() : graph_(small_network("mobilenetv2")) {
    rewritten("reparam.branches", {{"convolutions", 1}, {"identity", false}, {"roles", {"depthwise"}}},
              graph_);
    weights_ = filled_weights(graph_, 1.75, at::kDouble);
    weights_.require_gradients();
    weights_.gradients().zero_();
  }
  at::Tensor factor(const std::string& norm) const {
    return (weights_.at(norm + ".weight") / (weights_.at(norm + ".running_var") + 1e-5).sqrt())
        .reshape({-1, 1, 1, 1})
        .detach();
  }

  Graph graph_;
  Weights weights_;
};

TEST_F(EquivalentDecayTest, IsTheGradientOfRepVggsCustomL2) {
  const auto decay = make("regularize.equivalent_decay", {{"weight", 0.03}});
  FakeSetup setup("regularize.equivalent_decay", weights_, graph_);
  decay->begin(setup);
  std::vector<ParameterSet> sets;
  Update update{{}, {}, sets};
  {
    const at::NoGradGuard no_gradients;
    decay->after_backward(update);
  }
  int units = 0;
  for (const auto& node : graph_.nodes) {
    if (node.branches.size() < 2) continue;
    const auto &large = node.branches[0].links, &small = node.branches[1].links;
    const auto k3 = weights_.at(large[0].name + ".weight").detach().clone().requires_grad_(true),
               k1 = weights_.at(small[0].name + ".weight").detach().clone().requires_grad_(true);
    const auto t3 = factor(large[1].name), t1 = factor(small[1].name);
    {
      const at::AutoGradMode with_gradients(true);
      const auto centre = k3.narrow(2, 1, 1).narrow(3, 1, 1);
      const auto circle = k3.square().sum() - centre.square().sum();
      const auto equivalent = (centre * t3 + k1 * t1).square() / (t3.square() + t1.square());
      ((circle + equivalent.sum()) * (0.03 / 2)).backward();
    }
    EXPECT_TRUE(at::allclose(weights_.at(large[0].name + ".weight").grad(), k3.grad(), 1e-9, 1e-12))
        << node.path;
    EXPECT_TRUE(at::allclose(weights_.at(small[0].name + ".weight").grad(), k1.grad(), 1e-9, 1e-12))
        << node.path;
    ++units;
  }
  EXPECT_GT(units, 10);
}

TEST_F(EquivalentDecayTest, TakesTheKernelsFromTheOptimizersDecay) {
  const auto decay = make("regularize.equivalent_decay");
  FakeSetup setup("regularize.equivalent_decay", weights_, graph_);
  decay->begin(setup);
  ParameterSet set{"student", weights_.trained(), weights_.gradients(), &weights_.segments()};
  set.decay_scale.assign(weights_.segments().size(), 1.0);
  decay->group(set);
  for (std::size_t i = 0; i < set.segments->size(); ++i) {
    const auto& segment = weights_.segments()[i];
    const bool branch = segment.kind == Kind::ConvWeight && segment.name.find("rpr") != std::string::npos;
    EXPECT_EQ(set.decay_scale[i], branch ? 0 : 1) << segment.name;
  }
}

}  // namespace
}  // namespace ablate::test
