#include "harness/execute/fold.h"

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <set>

#include "backbones/catalogue.h"
#include "harness/execute/executor.h"
#include "harness/graph/builder.h"
#include "harness/graph/rewrite.h"
#include "tests/execute/filled.h"

namespace ablate::test {
namespace {

constexpr double kConvGain = 1.75;

struct Case {
  const char* backbone;
  nlohmann::json settings;
  int size = 32;
};

/// Odd widths, widths at which a primary convolution keeps its channels, 5x5 kernels, strides of 2, odd maps.
std::vector<Case> cases() {
  return {{"ghostnetv2", {{"width", 0.5}}},
          {"ghostnetv2", {{"width", 0.3}, {"stem", "imagenet"}}, 47},
          {"ghostnetv2", {{"width", 1.0}, {"layout", "small"}}, 24},
          {"ghostnetv2", {{"width", 1.3}, {"layout", "small"}}, 16},
          {"ghostnetv2", {{"width", 1.9}, {"layout", "small"}}, 15},
          {"mobilenetv2", {{"width", 0.35}}, 17},
          {"mobilenetv2", {{"width", 0.61}, {"stem", "imagenet"}}, 45},
          {"shufflenetv2", {{"width", 0.5}}, 16},
          {"shufflenetv2", {{"width", 1.0}, {"stem", "imagenet"}}, 47},
          {"resnet", {{"depth", 8}}, 15},
          {"resnet", {{"depth", 8}, {"k", 2}}, 16},
          {"resnet", {{"depth", 18}, {"stem", "imagenet"}}, 33}};
}

Graph network(const Case& c) {
  return find_backbone(c.backbone)->build(c.settings, {3, c.size, c.size, 7});
}

std::set<Role> every_role() {
  std::set<Role> roles;
  for (const auto& name : role_names()) roles.insert(role_named(name));
  return roles;
}

at::Tensor logits(const Graph& graph, const Weights& weights, int size) {
  const at::NoGradGuard no_grad;
  const auto images = filled_images(2, size, weights.trained().scalar_type());
  return make_reference_executor(graph)->forward(weights, images, {}).logits;
}

TEST(Fold, LeavesTheLogitsOfEveryBackboneAsTheyAre) {
  for (const auto& c : cases())
    for (const auto& roles : {BranchOptions{}.roles, every_role()}) {
      SCOPED_TRACE(std::string(c.backbone) + c.settings.dump() + (roles.size() == 10 ? " every role" : ""));
      Graph graph = network(c);
      add_branches(graph, {.roles = roles});
      const auto weights = filled_weights(graph, kConvGain, at::kDouble);
      const auto expected = logits(graph, weights, c.size);
      const double scale = std::max(1.0, expected.abs().max().item<double>());
      const auto fused_weights = fold_branches(graph, weights);
      EXPECT_LT(distance(logits(fused(graph), fused_weights, c.size), expected), 1e-10 * scale);
      EXPECT_LT(distance(logits(deployed(graph), fold_all(graph, weights), c.size), expected), 1e-10 * scale);
      EXPECT_LT(
          distance(logits(deployed(fused(graph)), fold_all(fused(graph), fused_weights), c.size), expected),
          1e-10 * scale);
    }
}

TEST(Fold, CoversPrimaryConvolutionsWithAnIdentity) {
  Graph graph = network(cases()[2]);
  add_branches(graph, {});
  int identities = 0;
  for (const Value unit : graph.units(Role::Primary))
    identities += graph.nodes[unit].branches[0].id == "skip";
  EXPECT_EQ(identities, 6) << "GhostNetV3-Small at 1.0 has six";
}

TEST(Fold, StaysCloseInFloat32) {
  for (const auto& c : {cases()[0], cases()[5]}) {
    Graph graph = network(c);
    add_branches(graph, {});
    const auto weights = filled_weights(graph, kConvGain, at::kFloat);
    const auto expected = logits(graph, weights, c.size);
    const double scale = expected.abs().max().item<double>();
    EXPECT_LT(distance(logits(fused(graph), fold_branches(graph, weights), c.size), expected), 1e-4 * scale)
        << c.backbone;
  }
}

TEST(Fold, GivesOneBranchItsPlainNamesWithoutChangingABit) {
  const Graph plain = network(cases()[0]);
  Graph branched = plain;
  add_branches(branched, {.convolutions = 1, .scale = false, .identity = false});
  const auto weights = initial_weights(branched, 3);
  const auto folded = fold_branches(branched, weights), expected = initial_weights(plain, 3);
  for (const auto& entry : expected.entries())
    EXPECT_EQ(distance(folded.at(entry.name), entry.tensor), 0) << entry.name;
}

/// conv(6 -> 8, 3x3) on a 9x9 map, to be given other branches.
Graph one_unit(int groups, int stride) {
  GraphBuilder net({6, 9, 9, 4});
  const Value x = net.unit(net.input(), "", "conv",
                           {.out = 8,
                            .kernel = 5,
                            .stride = stride,
                            .groups = groups,
                            .activation = Activation::Relu,
                            .norm = "bn"});
  net.linear(net.global_pool(x), "fc", 4);
  return net.finish(ConvInit::TorchDefault, LinearInit::TorchDefault);
}

Link conv(const std::string& name, int in, int kernel, int stride, int groups, bool pad_with_shift = false) {
  return {.name = name,
          .in = in,
          .out = 8,
          .kernel_height = kernel,
          .kernel_width = kernel,
          .stride = stride,
          .groups = groups,
          .pad_height = kernel / 2,
          .pad_width = kernel / 2,
          .pad_with_shift = pad_with_shift};
}
Link norm(const std::string& name) {
  return {.kind = Link::Kind::Norm, .name = name, .in = 8, .out = 8};
}

TEST(Fold, ComposesChainsOfConvolutionsAndPoolsThatPadWithTheShift) {
  for (const int groups : {1, 2})
    for (const int stride : {1, 2}) {
      SCOPED_TRACE(groups * 10 + stride);
      Graph graph = one_unit(groups, stride);
      auto& unit = graph.nodes[graph.unit_at("conv")];
      Link pool{.kind = Link::Kind::AvgPool,
                .in = 8,
                .out = 8,
                .kernel_height = 3,
                .kernel_width = 3,
                .stride = stride,
                .pad_height = 1,
                .pad_width = 1,
                .pad_with_shift = true};
      unit.branches = {
          {"0", {conv("a", 6, 5, stride, groups), norm("a_bn")}},
          {"1",
           {conv("b", 6, 1, 1, groups), norm("b_bn"), conv("c", 8, 3, stride, groups, true), norm("c_bn")}},
          {"2", {conv("d", 6, 1, 1, groups), norm("d_bn"), pool, norm("e_bn")}}};
      unit.form = UnitForm::Branched;
      const auto weights = filled_weights(graph, kConvGain, at::kDouble);
      const at::NoGradGuard no_grad;
      const auto images = filled_images(4, 9, at::kDouble).view({2, 6, 9, 9});
      const auto run = [&](const Graph& form, const Weights& its) {
        return make_reference_executor(form)
            ->forward(its, images, {.taps = {"conv.out"}})
            .taps.at("conv.out");
      };
      EXPECT_LT(distance(run(fused(graph), fold_branches(graph, weights)), run(graph, weights)), 1e-12);
    }
}

}  // namespace
}  // namespace ablate::test
