#include "harness/graph/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "backbones/catalogue.h"
#include "harness/graph/builder.h"

namespace ablate {
namespace {

Graph network(const std::string& backbone, const nlohmann::json& settings = nlohmann::json::object(),
              int size = 32) {
  return find_backbone(backbone)->build(settings, {3, size, size, 10});
}

std::vector<std::string> names_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const auto& entry : graph.state()) names.push_back(entry.name);
  return names;
}

std::set<Role> all_roles() {
  std::set<Role> roles;
  for (const auto& name : role_names()) roles.insert(role_named(name));
  return roles;
}

TEST(AddBranches, NamesThemAfterThePlainConvolutionWhereTheNetworkSaysNothing) {
  Graph graph = network("mobilenetv2");
  EXPECT_GT(add_branches(graph, {}), 0);
  const auto names = names_of(graph);
  EXPECT_THAT(names, testing::Contains("features.2.conv.0.0_rpr_conv.2.conv.weight"));
  EXPECT_THAT(names, testing::Contains("features.3.conv.1.0_rpr_scale.bn.running_var"));
  EXPECT_THAT(names, testing::Contains("features.3.conv.1.0_rpr_skip.weight"));
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size()) << "names are unique";
}

TEST(AddBranches, ActsOnDenseConvolutionsAndShortcutsOnlyWhenAsked) {
  Graph graph = network("resnet");
  EXPECT_EQ(add_branches(graph, {}), 0);
  EXPECT_EQ(add_branches(graph, {.roles = {Role::Dense}}), 18);
  EXPECT_EQ(add_branches(graph, {.roles = {Role::Shortcut}}), 2);
  EXPECT_EQ(add_branches(graph, {.roles = {Role::Shortcut}}), 0) << "once rewritten, a unit stays as it is";
}

TEST(AddBranches, GivesAnIdentityOnlyWhereTheShapeStaysAndAScaleOnlyToLargerKernels) {
  for (const auto& entry : backbone_catalogue()) {
    Graph graph = network(entry.name);
    add_branches(graph, {.roles = all_roles()});
    for (const auto& node : graph.nodes) {
      if (node.form != UnitForm::Branched) continue;
      bool identity = false, scale = false;
      for (const auto& branch : node.branches) {
        identity = identity || branch.id == "skip";
        scale = scale || branch.id == "scale";
      }
      const auto conv = merged_convolution(node);
      EXPECT_EQ(identity, graph.nodes[node.inputs[0]].shape == node.shape) << node.path;
      EXPECT_EQ(scale, conv.kernel_height * conv.kernel_width > 1) << node.path;
    }
  }
}

TEST(Fused, IsThePlainNetworkAgainAfterOneBranchEach) {
  for (const auto& entry : backbone_catalogue()) {
    SCOPED_TRACE(entry.name);
    const Graph plain = network(entry.name);
    Graph branched = plain;
    EXPECT_GT(
        add_branches(branched, {.convolutions = 1, .scale = false, .identity = false, .roles = all_roles()}),
        0);
    EXPECT_EQ(names_of(fused(branched)), names_of(plain));
    EXPECT_EQ(fused(branched).digest(), plain.digest());
  }
}

TEST(Fused, KeepsKernelsPathsAndShapesOfThePlainNetwork) {
  for (const auto& entry : backbone_catalogue()) {
    SCOPED_TRACE(entry.name);
    const Graph plain = network(entry.name);
    Graph branched = plain;
    add_branches(branched, {.roles = all_roles()});
    EXPECT_EQ(deployed(branched).digest(), deployed(plain).digest());
    for (const auto& tensor : fused(branched).state())
      if (tensor.kind == Kind::ConvWeight) {
        EXPECT_THAT(names_of(plain), testing::Contains(tensor.name));
      }
  }
}

/// A unit that is the sum of these chains, on an 8x8 map of 4 channels.
Node unit_of(std::vector<Branch> branches) {
  Node node{.op = Op::Unit, .inputs = {0}, .shape = {4, 8, 8}, .path = "unit"};
  node.branches = std::move(branches);
  return node;
}

Link conv(int kernel, bool pad_with_shift = false) {
  return {.name = "conv",
          .in = 4,
          .out = 4,
          .kernel_height = kernel,
          .kernel_width = kernel,
          .pad_height = kernel / 2,
          .pad_width = kernel / 2,
          .pad_with_shift = pad_with_shift};
}

Link norm() {
  return {.kind = Link::Kind::Norm, .name = "bn", .in = 4, .out = 4};
}

TEST(MergedConvolution, CoversTheLargestKernelOfAChain) {
  const auto merged = merged_convolution(
      unit_of({{"0", {conv(1), norm(), conv(3, true), norm()}}, {"1", {conv(5), norm()}}}));
  EXPECT_EQ(merged.kernel_height, 5);
  EXPECT_EQ(merged.pad_width, 2);
  EXPECT_EQ(merged.groups, 1);
  EXPECT_TRUE(merged.bias);
}

TEST(MergedConvolution, RefusesABorderThatZerosCannotReproduce) {
  EXPECT_THROW(merged_convolution(unit_of({{"0", {conv(1), norm(), conv(3), norm()}}})), Error);
  EXPECT_THROW(merged_convolution(unit_of({{"0", {conv(3), norm(), conv(3, true), norm()}}})), Error);
}

TEST(InsertBefore, KeepsConnectionsTapsAndCounts) {
  Graph graph = network("resnet");
  const auto before = graph;
  Value add = 0;
  while (graph.nodes[add].op != Op::Add) ++add;
  const Value source = graph.nodes[add].inputs[0];
  const Value inserted = insert_before(graph, add, 0, {.op = Op::DropPath, .path = "layer1.0", .rate = 0.1});
  EXPECT_EQ(graph.nodes[inserted].inputs, std::vector<Value>{source});
  EXPECT_EQ(graph.nodes[inserted + 1].inputs[0], inserted);
  EXPECT_EQ(graph.nodes[inserted + 1].inputs[1], before.nodes[add].inputs[1]);
  EXPECT_EQ(graph.taps.at("layer3"), before.taps.at("layer3") + 1);
  EXPECT_EQ(graph.macs(), before.macs());
  EXPECT_EQ(names_of(graph), names_of(before));
  EXPECT_EQ(graph.digest(), before.digest()) << "drop-path does not change what the weights compute";
}

TEST(Digest, TellsNetworksApartButNotTheirNames) {
  EXPECT_NE(network("mobilenetv2").digest(), network("mobilenetv2", {{"width", 0.5}}).digest());
  EXPECT_NE(network("mobilenetv2").digest(), network("mobilenetv2", nlohmann::json::object(), 40).digest());
  EXPECT_EQ(network("mobilenetv2").digest(), network("mobilenetv2", {{"dropout", 0.0}}).digest());
  Graph renamed = network("resnet");
  for (auto& node : renamed.nodes)
    for (auto& branch : node.branches)
      for (auto& link : branch.links) link.name += "x";
  EXPECT_EQ(renamed.digest(), network("resnet").digest());
}

}  // namespace
}  // namespace ablate
