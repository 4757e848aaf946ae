#include "harness/graph/size.h"

#include <gtest/gtest.h>

#include "backbones/catalogue.h"

namespace ablate::test {
namespace {

Graph backbone_of(const std::string& name, nlohmann::json settings, int size) {
  const auto* entry = find_backbone(name);
  Problems problems;
  settings = resolve(entry->params, to_tree(settings, {}), name, problems);
  return entry->build(settings, {3, size, size, 10});
}

TEST(CheckSize, FindsTheSizeAtWhichGhostNetsAttentionHasNothingToPool) {
  // Its pools halve a map before the attention: with the strides for ImageNet the last maps have 1/32 of the
  // input, so 64 px leave 2 x 2 and 32 px a single pixel.
  const auto graph = backbone_of("ghostnetv2", {{"stem", "imagenet"}}, 224);
  EXPECT_NO_THROW(check_size(graph, 224));
  EXPECT_NO_THROW(check_size(graph, 64));
  EXPECT_THROW(check_size(graph, 32), GraphError);
}

TEST(CheckSize, AgreesWithTheShapesThatTheGraphWasBuiltWith) {
  for (const auto& entry : backbone_catalogue()) {
    Problems problems;
    const auto settings = resolve(entry.params, to_tree(nlohmann::json::object(), {}), entry.name, problems);
    for (const int size : {64, 224})
      EXPECT_NO_THROW(check_size(entry.build(settings, {3, size, size, 10}), size));
  }
}

}  // namespace
}  // namespace ablate::test
