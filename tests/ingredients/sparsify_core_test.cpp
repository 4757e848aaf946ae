#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "backbones/catalogue.h"
#include "harness/graph/builder.h"
#include "harness/train/network.h"
#include "ingredients/sparsify/core_mask.h"
#include "tests/execute/filled.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

using ingredients::channel_core;
using ingredients::core_channels;
using ingredients::weight_core;

const auto kDefaults = nlohmann::json::object();

std::int64_t ones_in(const at::Tensor& factors) {
  return at::count_nonzero(factors).item<std::int64_t>();
}

/// A stem, a block that expands to six channels with a shortcut around it, and a classifier.
Graph one_block() {
  GraphBuilder net({3, 8, 8, 5});
  const auto stem = net.unit(net.input(), "", "stem", {.out = 4, .kernel = 3, .role = Role::Stem});
  auto x = net.unit(stem, "", "wide", {.out = 6, .role = Role::Pointwise, .norm = "wide_bn"});
  x = net.unit(x, "", "each",
               {.out = 6, .kernel = 3, .groups = 6, .role = Role::Depthwise, .norm = "each_bn"});
  x = net.unit(x, "", "back", {.out = 4, .role = Role::Pointwise, .norm = "back_bn"});
  x = net.global_pool(net.add(x, stem, "block"));
  net.linear(x, "classify", 5);
  return net.finish(ConvInit::KaimingFanOut, LinearInit::Normal001);
}

TEST(ChannelCore, HasTheParametersOfTheNarrowerNetwork) {
  const auto graph = one_block();
  // stem 27 a channel, wide in x out and two a channel, each 9 + 2 a channel, back as wide, 5 x in + 5
  EXPECT_EQ(graph.parameters(), 4 * 27 + (4 * 6 + 12) + 6 * 11 + (6 * 4 + 8) + 25);
  EXPECT_EQ(ones_in(channel_core(graph, 0.5)), 2 * 27 + (2 * 3 + 6) + 3 * 11 + (3 * 2 + 4) + 15);
  EXPECT_EQ(ones_in(channel_core(graph, 0.3)), 27 + (1 * 2 + 4) + 2 * 11 + (2 * 1 + 2) + 10)
      << "1.2 of 4 channels are one, 1.8 of 6 are two";
  EXPECT_EQ(ones_in(channel_core(graph, 0.01)), 27 + 3 + 11 + 3 + 10) << "one channel at least";
}

TEST(ChannelCore, HoldsAllThatASmallerOneHolds) {
  const auto graph = one_block();
  const auto small = channel_core(graph, 0.3), large = channel_core(graph, 0.7);
  EXPECT_TRUE(at::equal(small * large, small));
}

/// Expects that the maps of every unit are zero in the channels that the core has not.
void expect_narrow(const Graph& graph, double share) {
  const auto weights = filled_weights(graph, 1.75, at::kFloat);
  weights.trained().mul_(channel_core(graph, share));
  const auto kept = core_channels(graph, share);
  Pass pass;
  for (const auto& node : graph.nodes)
    if (node.op == Op::Unit) pass.taps.push_back(node.path + ".out");
  const auto taps =
      make_reference_executor(graph)->forward(weights, filled_images(2, 32, at::kFloat), pass).taps;
  std::size_t silent = 0;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (graph.nodes[n].op != Op::Unit) continue;
    const auto& map = taps.at(graph.nodes[n].path + ".out");
    for (std::size_t c = 0; c < kept[n].size(); ++c) {
      if (kept[n][c]) continue;
      ++silent;
      EXPECT_EQ(map.select(1, std::int64_t(c)).abs().max().item<float>(), 0)
          << graph.nodes[n].path << ", channel " << c;
    }
  }
  EXPECT_GT(silent, 0u);
}

TEST(ChannelCore, IsSilentInTheOtherChannelsOnEveryBackbone) {
  const at::NoGradGuard no_gradients;
  for (const auto& [backbone, settings] : std::vector<std::pair<std::string, nlohmann::json>>{
           {"ghostnetv2", {{"width", 0.4}}},
           {"ghostnetv2", {{"width", 0.5}, {"layout", "small"}}},
           {"mobilenetv2", {{"width", 0.35}}},
           {"shufflenetv2", {{"width", 0.5}}},
           {"resnet", {{"depth", 8}}}}) {
    SCOPED_TRACE(backbone);
    auto graph = find_backbone(backbone)->build(settings, {3, 32, 32, 7});
    expect_narrow(graph, 0.3);
    for (const std::string reparam : {"reparam.branches", "reparam.dbb"}) {
      SCOPED_TRACE(reparam);
      auto branched = graph;
      const auto& entry = entry_of(reparam);
      if (entry.rewrite(settings_of(entry, kDefaults), branched) > 0) expect_narrow(branched, 0.5);
    }
  }
}

TEST(ChannelCore, KeepsItsShareOfEveryMixingConvolutionButAttentionAndHead) {
  const auto graph = find_backbone("ghostnetv2")->build({{"width", 0.5}}, {3, 32, 32, 7});
  const auto kept = core_channels(graph, 0.25);
  for (const auto role : {Role::Stem, Role::Primary, Role::Attention, Role::Head})
    for (const auto unit : graph.units(role)) {
      const auto& node = graph.nodes[std::size_t(unit)];
      const bool whole = role == Role::Attention || role == Role::Head;
      const auto& channels = kept[std::size_t(unit)];
      EXPECT_EQ(std::ranges::count(channels, true),
                whole ? node.shape.channels : std::lround(0.25 * node.shape.channels))
          << node.path;
    }
}

TEST(WeightCore, HasItsShareOfEachPrunableKernelAndAllTheRest) {
  const auto graph = one_block();
  const auto weights = initial_weights(graph, 1);
  const auto of_seed = [&](std::uint64_t seed) {
    return weight_core(graph, weights, 0.25, [&](const std::string& name) { return Stream(seed, name); });
  };
  const auto factors = of_seed(1);
  for (const auto& segment : weights.segments()) {
    const bool prunable = segment.name == "wide.weight" || segment.name == "back.weight";
    EXPECT_EQ(ones_in(factors.narrow(0, segment.offset, segment.length)),
              prunable ? segment.length / 4 : segment.length)
        << segment.name;
  }
  EXPECT_TRUE(at::equal(factors, of_seed(1)));
  EXPECT_FALSE(at::equal(factors, of_seed(2)));
}

/// A network with the ingredient on, a step at a time.
class CoreBench {
 public:
  CoreBench(const Graph& graph, Weights weights, const nlohmann::json& settings)
      : student_(graph, std::move(weights), TrainSettings{.executor = "reference"}, training::Normalisation({0, 0, 0}, {1, 1, 1})),
        core_(make("sparsify.core", settings)) {
    student_.weights().require_gradients();
    FakeSetup setup("sparsify.core", student_.weights().clone(), graph);
    core_->begin(setup);
  }

  /// The core's term alone, forward and backward. Returns its value, weight included.
  double pass(const at::Tensor& images, const at::Tensor& targets, const Pass& pass) {
    const Progress at{0, 0, 1, 1};
    const std::map<std::string, Output> teachers;
    Batch batch;
    batch.images = images;
    batch.targets = targets;
    student_.weights().gradients().zero_();
    const auto undo = core_->perturb(student_, at);
    const auto output = student_.forward(images, pass);
    Loss loss;
    core_->add_loss(Step{at, batch, output, teachers, student_, pass}, loss);
    const auto total = loss.total();
    total.backward();
    return total.item<double>();
  }

  training::Network& student() { return student_; }
  Ingredient& core() { return *core_; }
  std::vector<double> gradient(const std::string& name) {
    return values_of(student_.weights().at(name).grad());
  }

 private:
  training::Network student_;
  std::unique_ptr<Ingredient> core_;
};

void expect_near(const std::vector<double>& values, const std::vector<double>& expected) {
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-6) << i;
}

/// x = (1, 2, 0); the hidden channels are 1 and 3, of which a core of half has the first. Its logits are 0
/// and log 3, those of the whole are both 0.
CoreBench two_channels(const nlohmann::json& settings) {
  GraphBuilder net({3, 1, 1, 2});
  net.linear(net.unit(net.input(), "", "hidden", {.out = 2, .role = Role::Pointwise}), "classify", 2);
  const auto graph = net.finish(ConvInit::KaimingFanOut, LinearInit::Normal001);
  const Weights weights(graph, at::kFloat);
  const float log3 = std::log(3.0f);
  weights.at("hidden.weight").copy_(at::tensor({3.f, -1.f, 0.f, 1.f, 1.f, 1.f}).view({2, 3, 1, 1}));
  weights.at("classify.weight").copy_(at::tensor({0.f, 0.f, log3, -log3 / 3}).view({2, 2}));
  return {graph, weights, settings};
}
const at::Tensor& one_image() {
  static const auto image = at::tensor({1.f, 2.f, 0.f}).view({1, 3, 1, 1});
  return image;
}

TEST(Core, AddsItsGradientToTheWeightsThatItSharesAndToNoOthers) {
  auto bench = two_channels({{"weight", 2}});
  // p = (1/4, 3/4), q = (1, 0): 2 log 4; the logits' gradient is 2 (p - q) = (-3/2, 3/2)
  EXPECT_NEAR(bench.pass(one_image(), at::tensor({1.f, 0.f}).view({1, 2}), {.training = true}),
              2 * std::log(4), 1e-6);
  expect_near(bench.gradient("classify.weight"), {-1.5, 0, 1.5, 0});
  expect_near(bench.gradient("classify.bias"), {-1.5, 1.5});
  const double slope = 1.5 * std::log(3);
  expect_near(bench.gradient("hidden.weight"), {slope, 2 * slope, 0, 0, 0, 0});
}

TEST(Core, LearnsWhatTheWholeNetworkSaysWithoutTeachingIt) {
  auto bench = two_channels({{"targets", "network"}});
  // q = (1/2, 1/2), whatever the labels are
  EXPECT_NEAR(bench.pass(one_image(), at::tensor({1.f, 0.f}).view({1, 2}), {.training = true}),
              std::log(4) - std::log(3) / 2, 1e-6);
  expect_near(bench.gradient("classify.weight"), {-0.25, 0, 0.25, 0});
  const double slope = 0.25 * std::log(3);
  expect_near(bench.gradient("hidden.weight"), {slope, 2 * slope, 0, 0, 0, 0});
}

TEST(Core, KeepsStatisticsOfItsOwnAndLeavesTheWholesAlone) {
  const auto graph = one_block();
  CoreBench bench(graph, filled_weights(graph, 1, at::kFloat), kDefaults);
  training::Network twin(graph, filled_weights(graph, 1, at::kFloat), TrainSettings{.executor = "reference"},
                         training::Normalisation({0, 0, 0}, {1, 1, 1}));
  const auto images = filled_images(6, 8, at::kFloat);
  const Pass pass{.training = true};
  bench.pass(images, at::full({6, 5}, 0.2), pass);
  twin.forward(images, pass);
  EXPECT_TRUE(at::equal(bench.student().weights().statistics(), twin.weights().statistics()));

  auto alone = twin.weights().clone();
  alone.trained().mul_(channel_core(graph, 0.5));
  twin.forward_with(alone, images, pass);
  EXPECT_TRUE(at::equal(bench.core().average()->statistics(), alone.statistics()));
  EXPECT_FALSE(at::equal(alone.statistics(), twin.weights().statistics()));

  auto frozen = pass;
  frozen.update_statistics = false;
  bench.pass(images, at::full({6, 5}, 0.2), frozen);
  EXPECT_TRUE(at::equal(bench.core().average()->statistics(), alone.statistics()));
}

TEST(Core, FollowsTheNetworkAfterEachUpdate) {
  auto bench = two_channels(kDefaults);
  EXPECT_EQ(bench.core().average(), nullptr) << "before its first pass there is nothing to evaluate";
  bench.pass(one_image(), at::tensor({1.f, 0.f}).view({1, 2}), {.training = true});
  {
    const at::NoGradGuard no_gradients;
    bench.student().weights().trained().add_(1);
  }
  bench.core().after_step(bench.student(), {});
  const auto& core = *bench.core().average();
  expect_near(values_of(core.at("hidden.weight")), {4, 0, 1, 0, 0, 0});
  expect_near(values_of(core.at("classify.weight")), {1, 0, 1 + std::log(3), 0});
  const auto counters = bench.core().counters();
  EXPECT_EQ(counters.at("passes"), 1);
  EXPECT_EQ(counters.at("parameters"), 3 + 2 + 2);
}

TEST(Core, RefusesWhatItsLossOrItsMaskDoesNotFit) {
  EXPECT_TRUE(refusals("sparsify.core", kDefaults, {{"reparam", {{"branches", kDefaults}}}}).empty());
  EXPECT_EQ(refusals("sparsify.core", {{"of", "weights"}}, {{"reparam", {{"branches", kDefaults}}}}).size(),
            1u);
  EXPECT_EQ(refusals("sparsify.core", kDefaults, {{"loss", {{"bce", kDefaults}}}}).size(), 1u);
  const auto& entry = entry_of("sparsify.core");
  const auto misfits = [&](const nlohmann::json& given) {
    return entry.misfits(settings_of(entry, given), one_block()).size();
  };
  EXPECT_EQ(misfits({{"share", 0.9}}), 0u) << "5.4 of 6 channels are five";
  EXPECT_EQ(misfits({{"share", 0.95}}), 1u) << "5.7 are all six, and 3.8 all four";
  EXPECT_EQ(misfits({{"share", 0.95}, {"of", "weights"}}), 0u);
}

}  // namespace
}  // namespace ablate::test
