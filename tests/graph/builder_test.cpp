#include "harness/graph/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backbones/catalogue.h"

namespace ablate {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Graph network(const std::string& backbone, const nlohmann::json& settings, int size) {
  return find_backbone(backbone)->build(settings, {3, size, size, 10});
}

TEST(MakeDivisible, RoundsToTheNearestMultipleAndNeverLosesATenth) {
  EXPECT_EQ(make_divisible(16 * 1.3, 4), 20);
  EXPECT_EQ(make_divisible(24 * 1.3, 4), 32);  // 31.2
  EXPECT_EQ(make_divisible(16 * 0.35, 8), 8);
  EXPECT_EQ(make_divisible(24 * 0.35, 8), 8);   // 8.4
  EXPECT_EQ(make_divisible(32 * 0.35, 8), 16);  // 11.2 would round to 8, 71 % of it
}

TEST(SmallInput, IsRefusedWithTheMapAndTheSmallestSizeThatWorks) {
  for (const int size : {28, 32})
    EXPECT_THAT(
        [&] {
          network("ghostnetv2", {{"stem", "imagenet"}}, size);
        },
        ThrowsMessage<GraphError>(
            testing::AllOf(HasSubstr("blocks.8.0.ghost1.short_conv is 1x1"), HasSubstr("33 px"))));
  EXPECT_NO_THROW(network("ghostnetv2", {{"stem", "imagenet"}}, 33));
  EXPECT_NO_THROW(network("ghostnetv2", {{"stem", "imagenet"}}, 64));
  EXPECT_THAT(
      [&] {
        network("ghostnetv2", {{"stem", "cifar"}}, 8);
      },
      ThrowsMessage<GraphError>(testing::AllOf(HasSubstr("blocks.8.0"), HasSubstr("9 px"))));
}

TEST(Stem, IsForSmallImagesBelow64PixelsUnlessSaid) {
  for (const auto& entry : backbone_catalogue()) {
    SCOPED_TRACE(entry.name);
    EXPECT_EQ(network(entry.name, {}, 63).digest(), network(entry.name, {{"stem", "cifar"}}, 63).digest());
    EXPECT_EQ(network(entry.name, {}, 64).digest(), network(entry.name, {{"stem", "imagenet"}}, 64).digest());
  }
}

TEST(StageTaps, AreTheLastMapsOfEachResolution) {
  const auto ghost = network("ghostnetv2", {}, 32);
  for (const auto& [stage, module] : std::map<std::string, std::string>{{"stage.0", "blocks.2"},
                                                                        {"stage.1", "blocks.4"},
                                                                        {"stage.2", "blocks.6"},
                                                                        {"stage.3", "blocks.9"}})
    EXPECT_EQ(ghost.taps.at(stage), ghost.taps.at(module)) << stage;
  EXPECT_FALSE(ghost.taps.contains("stage.4")) << "what comes after the pooling is no map";
  const auto teacher = network("resnet", {{"depth", 20}}, 32);
  for (const int stage : {0, 1, 2})
    EXPECT_EQ(teacher.taps.at("stage." + std::to_string(stage)),
              teacher.taps.at("layer" + std::to_string(stage + 1)));
}

TEST(Tap, FindsModulesConvolutionsAndUnitsByPath) {
  const auto graph = network("resnet", {}, 32);
  EXPECT_EQ(graph.tap_at("layer1.0").node, graph.taps.at("layer1.0"));
  const auto conv = graph.tap_at("layer1.0.conv1"), unit = graph.tap_at("layer1.0.conv1.out");
  EXPECT_EQ(conv.node, unit.node);
  EXPECT_EQ(conv.link, 0);
  EXPECT_EQ(graph.tap_at("layer1.0.bn1").link, 1);
  EXPECT_EQ(unit.link, -1);
  EXPECT_THAT([&] { graph.tap_at("layer1.0.conv9"); }, ThrowsMessage<Error>(HasSubstr("did you mean")));
}

TEST(Tap, CountsStagesFromTheLastToo) {
  const auto graph = network("resnet", {{"depth", 20}}, 32);
  EXPECT_EQ(graph.tap_at("stage.-1").node, graph.taps.at("stage.2"));
  EXPECT_EQ(graph.tap_at("stage.-3").node, graph.taps.at("stage.0"));
  for (const std::string none : {"stage.-4", "stage.-0", "stage.-x"}) EXPECT_THROW(graph.tap_at(none), Error);
}

TEST(Roles, AreWhatBackbonesDeclare) {
  EXPECT_EQ(network("mobilenetv2", {}, 32).units(Role::Depthwise).size(), 17u);
  EXPECT_EQ(network("mobilenetv2", {}, 32).units(Role::Pointwise).size(), 33u);
  EXPECT_EQ(network("shufflenetv2", {}, 32).units(Role::Depthwise).size(), 19u);
  EXPECT_EQ(network("ghostnetv2", {}, 224).units(Role::Downsample).size(), 4u);
  EXPECT_EQ(network("ghostnetv2", {}, 224).units(Role::Primary).size(), 32u);
  EXPECT_EQ(network("resnet", {}, 32).units(Role::Shortcut).size(), 2u);
  EXPECT_THAT([] { role_named("pointwize"); }, ThrowsMessage<Error>(HasSubstr("pointwise")));
}

TEST(Catalogue, DeclaresDocAndSourceOfEverything) {
  for (const auto& entry : backbone_catalogue()) {
    EXPECT_FALSE(entry.doc.empty() || entry.source.empty()) << entry.name;
    for (const auto& parameter : entry.params)
      EXPECT_FALSE(parameter.doc.empty()) << entry.name << "." << parameter.name;
  }
  EXPECT_EQ(find_backbone("ghostnetv9"), nullptr);
}

}  // namespace
}  // namespace ablate
