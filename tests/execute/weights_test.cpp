#include "harness/execute/weights.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "backbones/catalogue.h"
#include "harness/graph/rewrite.h"
#include "tests/execute/filled.h"

namespace ablate::test {
namespace {

Graph network(const std::string& backbone, const nlohmann::json& settings = nlohmann::json::object()) {
  return find_backbone(backbone)->build(settings, {3, 32, 32, 10});
}

TEST(Weights, AreViewsOfOneBufferWithoutGaps) {
  Graph graph = network("ghostnetv2");
  add_branches(graph, {});
  Weights weights(graph, at::kFloat);
  EXPECT_EQ(weights.trained().numel(), graph.parameters());
  std::int64_t end = 0;
  for (const auto& segment : weights.segments()) {
    EXPECT_EQ(segment.offset, end) << segment.name;
    EXPECT_EQ(weights.at(segment.name).storage_offset(), segment.offset);
    EXPECT_EQ(weights.at(segment.name).numel(), segment.length);
    end += segment.length;
  }
  EXPECT_EQ(end, graph.parameters());
  weights.trained().fill_(2);
  for (const auto& entry : weights.entries())
    EXPECT_EQ(entry.tensor.max().item<double>(), entry.trained() ? 2 : 0);
}

TEST(Weights, LieChannelsLastInFloat32AndRowMajorInFloat64) {
  const Graph graph = network("resnet");
  for (const auto type : {at::kFloat, at::kDouble}) {
    const Weights weights(graph, type);
    for (const auto& entry : weights.entries()) {
      if (entry.kind != Kind::ConvWeight) continue;
      const auto layout = type == at::kFloat ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
      EXPECT_TRUE(entry.tensor.is_contiguous(layout)) << entry.name;
    }
  }
}

TEST(Weights, CollectGradientsInOneBuffer) {
  Weights weights = initial_weights(network("resnet", {{"depth", 8}}), 1);
  weights.require_gradients();
  (weights.at("fc.bias").sum() * 3 + weights.at("conv1.weight").sum() * 2).backward();
  EXPECT_EQ(weights.at("conv1.weight").grad().mean().item<double>(), 2);
  EXPECT_EQ(weights.gradients().sum().item<double>(), 3 * 10 + 2 * 16 * 27);
  EXPECT_FALSE(weights.at("bn1.running_mean").requires_grad());
}

TEST(Weights, CloneDeeply) {
  Weights weights = initial_weights(network("resnet", {{"depth", 8}}), 1);
  weights.require_gradients();
  auto copy = weights.clone();
  EXPECT_FALSE(copy.at("conv1.weight").requires_grad());
  EXPECT_TRUE(at::equal(copy.at("conv1.weight"), weights.at("conv1.weight")));
  copy.trained().zero_();
  EXPECT_GT(weights.at("conv1.weight").abs().max().item<double>(), 0);
  copy.copy_from(weights);
  EXPECT_TRUE(at::equal(copy.trained(), weights.trained()));
}

TEST(Weights, NameTheNearestTensorWhenThereIsNone) {
  const Weights weights(network("resnet"), at::kFloat);
  EXPECT_FALSE(weights.has("fc.weights"));
  EXPECT_THAT([&] { weights.at("fc.weights"); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("'fc.weight'")));
}

TEST(InitialWeights, OfATensorStayWhenBranchesOrClassesComeIn) {
  for (const auto& entry : backbone_catalogue()) {
    SCOPED_TRACE(entry.name);
    const Graph plain = network(entry.name);
    Graph branched = plain;
    add_branches(branched,
                 {.roles = {Role::Primary, Role::Cheap, Role::Pointwise, Role::Depthwise, Role::Dense}});
    const auto before = initial_weights(plain, 5), after = initial_weights(branched, 5);
    int compared = 0, rewritten = 0;
    for (const auto& node : branched.nodes) {
      if (node.op != Op::Unit) continue;
      const auto& expected = before.at(node.path + ".weight");
      const std::string name =
          node.form == UnitForm::Branched ? node.branch_stem + "_conv.0.conv" : node.path;
      EXPECT_TRUE(at::equal(after.at(name + ".weight"), expected)) << name;
      ++compared;
      if (node.form != UnitForm::Branched) continue;
      EXPECT_FALSE(at::equal(after.at(node.branch_stem + "_conv.1.conv.weight"), expected))
          << "branches differ";
      ++rewritten;
    }
    EXPECT_GT(compared, rewritten);
    EXPECT_GT(rewritten, 0);
  }
}

TEST(InitialWeights, DifferBySeedAndNotByType) {
  const Graph graph = network("resnet", {{"depth", 8}});
  const auto one = initial_weights(graph, 1), two = initial_weights(graph, 2),
             wide = initial_weights(graph, 1, at::kDouble);
  EXPECT_FALSE(at::equal(one.trained(), two.trained()));
  for (const auto& entry : one.entries())
    EXPECT_TRUE(at::equal(entry.tensor, wide.at(entry.name).to(at::kFloat))) << entry.name;
}

double deviation(const Weights& weights, const std::string& name) {
  return weights.at(name).std().item<double>();
}

TEST(InitialWeights, FollowTheLawsOfTheReferences) {
  const auto mobile = initial_weights(network("mobilenetv2"), 1);
  EXPECT_NEAR(deviation(mobile, "features.18.0.weight"), std::sqrt(2.0 / 1280), 1e-4);
  EXPECT_NEAR(deviation(mobile, "features.17.conv.1.0.weight"), std::sqrt(2.0 / (960 * 9)), 5e-4);
  EXPECT_NEAR(deviation(mobile, "classifier.1.weight"), 0.01, 2e-4);
  EXPECT_EQ(mobile.at("classifier.1.bias").abs().max().item<double>(), 0);
  EXPECT_EQ(mobile.at("features.0.1.weight").min().item<double>(), 1);
  EXPECT_EQ(mobile.at("features.0.1.running_var").min().item<double>(), 1);

  const auto ghost = initial_weights(network("ghostnetv2"), 1);
  const auto& head = ghost.at("conv_head.weight");  // fan-in 960
  EXPECT_NEAR(head.max().item<double>(), 1 / std::sqrt(960.0), 1e-5);
  EXPECT_NEAR(head.std().item<double>(), 1 / std::sqrt(3 * 960.0), 1e-4);
  EXPECT_NEAR(ghost.at("conv_head.bias").abs().max().item<double>(), 1 / std::sqrt(960.0), 1e-3);

  const auto kaiming = initial_weights(network("ghostnetv2", {{"init", "kaiming"}}), 1);
  EXPECT_NEAR(deviation(kaiming, "conv_head.weight"), std::sqrt(2.0 / 1280), 1e-4);
  EXPECT_EQ(kaiming.at("conv_head.bias").abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace ablate::test
