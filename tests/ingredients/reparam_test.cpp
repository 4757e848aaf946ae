#include <gtest/gtest.h>

#include <ATen/core/grad_mode.h>

#include "backbones/catalogue.h"
#include "harness/execute/executor.h"
#include "harness/execute/fold.h"
#include "harness/graph/rewrite.h"
#include "tests/execute/filled.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

constexpr int kSize = 17;  // odd maps, so that borders and strides of 2 show

const std::vector<std::pair<const char*, nlohmann::json>> kNetworks{
    {"ghostnetv2", {{"width", 0.4}}},
    {"ghostnetv2", {{"width", 1.3}, {"layout", "small"}}},
    {"mobilenetv2", {{"width", 0.35}}},
    {"shufflenetv2", {{"width", 0.5}}},
    {"resnet", {{"depth", 8}}}};

Graph network(const std::string& backbone, const nlohmann::json& settings) {
  return find_backbone(backbone)->build(settings, {3, kSize, kSize, 7});
}

at::Tensor logits(const Graph& graph, const Weights& weights) {
  const at::NoGradGuard no_gradients;
  return make_reference_executor(graph)->forward(weights, filled_images(2, kSize, at::kDouble), {}).logits;
}

TEST(Reparam, FoldsToTheSameLogitsOnEveryBackbone) {
  for (const auto& entry : ingredient_catalogue()) {
    if (entry.family != "reparam") continue;
    for (const auto& given : {nlohmann::json::object(), nlohmann::json{{"roles", role_names()}}})
      for (const auto& [backbone, settings] : kNetworks) {
        SCOPED_TRACE(entry.name + given.dump() + " on " + backbone + settings.dump());
        Graph graph = network(backbone, settings);
        if (entry.rewrite(settings_of(entry, given), graph) == 0) {
          EXPECT_STREQ(backbone, "resnet") << "a teacher's network, which has none of GhostNetV3's roles";
          continue;
        }
        const auto weights = filled_weights(graph, 1.75, at::kDouble);
        const auto expected = logits(graph, weights);
        const double scale = std::max(1.0, expected.abs().max().item<double>());
        EXPECT_LT(distance(logits(fused(graph), fold_branches(graph, weights)), expected), 1e-10 * scale);
        EXPECT_LT(distance(logits(deployed(graph), fold_all(graph, weights)), expected), 1e-10 * scale);
      }
  }
}

/// The branches that the first unit of that role has after a rewrite.
std::vector<Branch> branches(const std::string& name, Role role, const std::string& backbone) {
  Graph graph = network(backbone, {{"width", 0.5}});
  const auto& entry = entry_of(name);
  entry.rewrite(settings_of(entry, {{"roles", role_names()}}), graph);
  return graph.nodes[graph.units(role).at(0)].branches;
}

TEST(Acb, CrossesTheMiddleOfASquareKernel) {
  const auto found = branches("reparam.acb", Role::Depthwise, "mobilenetv2");
  ASSERT_EQ(found.size(), 3u);
  const auto &square = found[0].links[0], &row = found[1].links[0], &column = found[2].links[0];
  EXPECT_EQ(square.kernel_height * 10 + square.kernel_width, 33);
  EXPECT_EQ(row.kernel_height * 10 + row.kernel_width, 13);
  EXPECT_EQ(row.pad_height * 10 + row.pad_width, 1);
  EXPECT_EQ(column.kernel_height * 10 + column.kernel_width, 31);
  EXPECT_EQ(column.pad_height * 10 + column.pad_width, 10);
}

TEST(Dbb, DoublesTheChannelsInsideADepthwiseChain) {
  const auto found = branches("reparam.dbb", Role::Depthwise, "mobilenetv2");
  ASSERT_EQ(found.size(), 4u);
  const auto& chain = found[2].links;
  EXPECT_EQ(chain[0].out, 2 * chain[0].in);
  EXPECT_EQ(chain[0].groups, chain[0].in);
  EXPECT_TRUE(chain[2].pad_with_shift);
  EXPECT_EQ(found[3].links.size(), 2u) << "a depthwise unit's average has no convolution";
}

TEST(Dbb, KeepsTheChannelsInsideADenseChain) {
  const auto found = branches("reparam.dbb", Role::Stem, "mobilenetv2");
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[2].links[0].out, found[2].links[0].in);
  EXPECT_EQ(found[3].links.size(), 4u);
}

TEST(Reparam, LeavesPointwiseUnitsToBranches) {
  for (const auto* name : {"reparam.acb", "reparam.dbb"})
    EXPECT_EQ(branches(name, Role::Pointwise, "mobilenetv2").size(), 1u) << name;
}

TEST(Reparam, StartsAsThePlainNetworkWhenAskedTo) {
  for (const std::string name : {"reparam.branches", "reparam.acb", "reparam.dbb"}) {
    const Graph plain = network("mobilenetv2", {{"width", 0.35}});
    Graph graph = plain;
    const auto& entry = entry_of(name);
    const auto settings = settings_of(entry, {{"start", "plain"}, {"roles", role_names()}});
    entry.rewrite(settings, graph);
    auto weights = initial_weights(graph, 3, at::kDouble);
    entry.make(settings)->initialise(weights, graph);
    const auto expected = logits(plain, initial_weights(plain, 3, at::kDouble));
    EXPECT_LT(distance(logits(graph, weights), expected), 1e-12) << name;
  }
}

TEST(Reparam, BranchesMayStartWithEvenShares) {
  Graph graph = network("mobilenetv2", {{"width", 0.35}});
  const auto& entry = entry_of("reparam.acb");
  const auto settings = settings_of(entry, {{"start", "even"}});
  entry.rewrite(settings, graph);
  auto weights = initial_weights(graph, 3);
  entry.make(settings)->initialise(weights, graph);
  const auto& unit = graph.nodes[graph.units(Role::Depthwise).at(0)];
  ASSERT_EQ(unit.branches.size(), 3u);
  for (const auto& branch : unit.branches)  // ACNet's code: gamma = 1 / 3
    EXPECT_NEAR(weights.at(branch.links[1].name + ".weight").mean().item<double>(), 1.0 / 3, 1e-7);
}

}  // namespace
}  // namespace ablate::test
