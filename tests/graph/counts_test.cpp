// Parameters and multiply-adds of the published definitions, from papers, model files and torchvision; not
// from this code.

#include <gtest/gtest.h>

#include "backbones/catalogue.h"
#include "harness/graph/rewrite.h"

namespace ablate {
namespace {

using nlohmann::json;

Graph network(const std::string& backbone, const json& settings, int size, int classes) {
  return find_backbone(backbone)->build(settings, {3, size, size, classes});
}

TEST(MobileNetV2, HasTheCountsOfTorchvisionAtEveryWidth) {
  struct Row {
    double width;
    std::int64_t parameters, macs, cifar_parameters;
    double cifar_millions;
  };
  for (const auto& row :
       {Row{0.35, 1'677'128, 59'285'808, 408'938, 15.6}, Row{0.5, 1'968'680, 97'131'840, 700'490, 28.0},
        Row{0.75, 2'636'424, 209'069'792, 1'368'234, 59.3}, Row{1.0, 3'504'872, 300'774'272, 2'236'682, 88.0},
        Row{1.4, 6'108'776, 582'195'824, 4'333'706, 170}}) {
    SCOPED_TRACE(row.width);
    const auto imagenet = network("mobilenetv2", {{"width", row.width}}, 224, 1000);
    EXPECT_EQ(imagenet.parameters(), row.parameters);
    EXPECT_EQ(imagenet.macs(), row.macs);
    const auto cifar = network("mobilenetv2", {{"width", row.width}}, 32, 10);
    EXPECT_EQ(cifar.parameters(), row.cifar_parameters);
    EXPECT_NEAR(static_cast<double>(cifar.macs()) / 1e6, row.cifar_millions,
                row.cifar_millions > 100 ? 0.5 : 0.05);
  }
  EXPECT_EQ(network("mobilenetv2", {}, 32, 100).parameters(), 2'351'972);
}

TEST(ShuffleNetV2, HasTheCountsOfTorchvisionAtEveryWidth) {
  struct Row {
    double width;
    std::int64_t parameters, macs, cifar_parameters, hundred_classes;
    double cifar_millions;
  };
  for (const auto& row : {Row{0.5, 1'366'792, 40'476'448, 352'042, 444'292, 10.9},
                          Row{1.0, 2'278'604, 144'907'992, 1'263'854, 1'356'104, 45.0},
                          Row{1.5, 3'503'624, 295'759'392, 2'488'874, 2'581'124, 94.3},
                          Row{2.0, 7'393'996, 583'253'464, 5'365'486, 5'549'896, 188}}) {
    SCOPED_TRACE(row.width);
    const auto imagenet = network("shufflenetv2", {{"width", row.width}}, 224, 1000);
    EXPECT_EQ(imagenet.parameters(), row.parameters);
    EXPECT_EQ(imagenet.macs(), row.macs);
    const auto cifar = network("shufflenetv2", {{"width", row.width}}, 32, 10);
    EXPECT_EQ(cifar.parameters(), row.cifar_parameters);
    EXPECT_NEAR(static_cast<double>(cifar.macs()) / 1e6, row.cifar_millions,
                row.cifar_millions > 100 ? 0.5 : 0.05);
    EXPECT_EQ(network("shufflenetv2", {{"width", row.width}}, 32, 100).parameters(), row.hundred_classes);
  }
}

TEST(GhostNetV2, HasTheCountsOfTheReleaseWithAndWithoutBranches) {
  struct Row {
    double width;
    std::int64_t parameters, macs, branched_parameters, branched_macs, fused_parameters;
  };
  for (const auto& row : {Row{0.5, 2'857'836, 49'640'656, 3'395'384, 117'528'000, 2'853'176},
                          Row{1.0, 6'156'908, 167'048'288, 8'129'028, 404'128'320, 6'147'588},
                          Row{1.3, 8'960'404, 269'322'976, 12'217'720, 654'842'824, 8'948'296},
                          Row{1.6, 12'392'698, 398'607'224, 17'275'700, 971'574'612, 12'377'778}}) {
    SCOPED_TRACE(row.width);
    Graph graph = network("ghostnetv2", {{"width", row.width}}, 224, 1000);
    EXPECT_EQ(graph.parameters(), row.parameters);
    EXPECT_EQ(graph.macs(), row.macs);
    add_branches(graph, {});
    EXPECT_EQ(graph.parameters(), row.branched_parameters);
    EXPECT_EQ(graph.macs(), row.branched_macs);
    EXPECT_EQ(fused(graph).parameters(), row.fused_parameters);
    EXPECT_EQ(fused(graph).macs(), row.macs);
  }
}

TEST(GhostNetV2, HasTheCountsKnownForSmallImages) {
  EXPECT_EQ(network("ghostnetv2", {{"stem", "imagenet"}}, 64, 10).parameters(), 4'888'718);
  EXPECT_EQ(network("ghostnetv2", {{"stem", "imagenet"}}, 64, 100).parameters(), 5'004'008);
  EXPECT_EQ(network("ghostnetv2", {}, 32, 10).parameters(), 4'888'190);
  EXPECT_EQ(network("ghostnetv2", {}, 32, 10).macs(), 51'829'568);
  Graph branched = network("ghostnetv2", {{"stem", "imagenet"}}, 64, 10);
  add_branches(branched, {});
  EXPECT_EQ(branched.parameters(), 6'860'838);
  EXPECT_EQ(fused(branched).parameters(), 4'879'398);
}

TEST(GhostNetV3Small, HasTheCountsOfItsPaperAtEveryWidth) {
  struct Row {
    double width;
    std::int64_t branched, fused;
    double branched_millions, fused_millions;
  };
  for (const auto& row :
       {Row{1.0, 483'554, 376'982, 19.6, 9.0}, Row{1.3, 712'198, 540'376, 31.4, 14.3},
        Row{1.6, 973'606, 723'804, 45.9, 20.8}, Row{1.9, 1'277'070, 932'344, 64.1, 29.0},
        Row{2.2, 1'617'674, 1'165'824, 84.2, 38.0}, Row{2.8, 2'426'850, 1'709'296, 131.7, 59.5},
        Row{3.4, 3'380'066, 2'341'264, 192.4, 86.6}}) {
    SCOPED_TRACE(row.width);
    Graph graph = network("ghostnetv2", {{"width", row.width}, {"layout", "small"}}, 32, 10);
    add_branches(graph, {});
    EXPECT_EQ(graph.parameters(), row.branched);
    EXPECT_EQ(fused(graph).parameters(), row.fused);
    EXPECT_NEAR(static_cast<double>(graph.macs()) / 1e6, row.branched_millions, 0.05);
    EXPECT_NEAR(static_cast<double>(fused(graph).macs()) / 1e6, row.fused_millions, 0.05);
  }
}

TEST(ResNet, HasTheCountsOfTorchvisionAndRepDistiller) {
  EXPECT_EQ(network("resnet", {{"depth", 18}}, 224, 1000).parameters(), 11'689'512);
  EXPECT_EQ(network("resnet", {{"depth", 34}}, 224, 1000).parameters(), 21'797'672);
  EXPECT_EQ(network("resnet", {{"depth", 50}}, 224, 1000).parameters(), 25'557'032);
  EXPECT_EQ(network("resnet", {{"depth", 32}, {"k", 4}}, 32, 10).parameters(), 7'410'730);
  EXPECT_EQ(network("resnet", {{"depth", 56}}, 32, 10).parameters(), 855'770);
}

TEST(ResNet, RefusesDepthsThatDoNotExist) {
  EXPECT_THROW(network("resnet", {{"depth", 21}}, 32, 10), GraphError);
  EXPECT_THROW(network("resnet", {{"depth", 50}, {"k", 2}}, 224, 10), GraphError);
}

TEST(ShuffleNetV2, RefusesWidthsThatAreNotInItsTable) {
  EXPECT_THROW(network("shufflenetv2", {{"width", 0.75}}, 32, 10), GraphError);
}

TEST(DeployedForm, HasNoBatchNormBehindAConvolutionAndTheSameMultiplyAdds) {
  for (const auto& entry : backbone_catalogue()) {
    SCOPED_TRACE(entry.name);
    const auto plain = entry.build(nlohmann::json::object(), {3, 32, 32, 10});
    const auto folded = deployed(plain);
    for (const auto& tensor : folded.state()) EXPECT_NE(tensor.kind, Kind::NormWeight) << tensor.name;
    EXPECT_EQ(folded.macs(), plain.macs());
    EXPECT_LT(folded.parameters(), plain.parameters());
  }
}

}  // namespace
}  // namespace ablate
