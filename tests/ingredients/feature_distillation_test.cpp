#include <gtest/gtest.h>

#include <set>

#include <ATen/ATen.h>

#include "ingredients/distill/features.h"
#include "ingredients/distill/memory_bank.h"
#include "tests/ingredients/loss_support.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

using ingredients::FeatureDistillation;
using ingredients::MemoryBank;
using ingredients::Negatives;
using ingredients::pair_maps;
using nlohmann::json;

const std::vector<std::string> kMapLosses{"distill.attention",  "distill.hint",       "distill.pkt",
                                          "distill.relational", "distill.similarity", "distill.review"};

at::Tensor some_map(std::uint64_t stream) {
  return filled({6, 5, 8, 8}, stream);
}

double map_loss(const std::string& name, const at::Tensor& student, const at::Tensor& teacher) {
  const auto ingredient = make(name, {{"teacher", teacher_ref("T")}});
  return dynamic_cast<FeatureDistillation&>(*ingredient).loss(student, teacher).item<double>();
}

TEST(FeatureDistillation, VanishesForEqualMaps) {
  for (const auto& name : kMapLosses) EXPECT_NEAR(map_loss(name, some_map(1), some_map(1)), 0, 1e-12) << name;
}

TEST(FeatureDistillation, GrowsWithTheDistanceOfTheMaps) {
  for (const auto& name : kMapLosses)
    EXPECT_LT(map_loss(name, some_map(1) + 0.1 * some_map(2), some_map(1)),
              map_loss(name, some_map(2), some_map(1)))
        << name;
}

TEST(ReviewDistillation, AddsCoarserViewsAtHalfTheWeightEach) {
  const auto difference = at::ones({2, 3, 8, 8}, at::kDouble);
  EXPECT_NEAR(map_loss("distill.review", difference, difference * 3), 4, 1e-12)
      << "a constant difference is the same at every scale";
  auto checkered = at::ones({1, 1, 2, 2}, at::kDouble);
  checkered[0][0][0][0] = checkered[0][0][1][1] = -1;
  EXPECT_NEAR(map_loss("distill.review", checkered, at::zeros_like(checkered)), 1 / 1.5, 1e-12)
      << "one that averages out counts at full resolution only";
}

TEST(PairedMaps, MeetWhereTheirSizesDo) {
  const auto teacher = network_of("resnet", {{"depth", 20}});
  for (const std::string backbone : {"mobilenetv2", "ghostnetv2", "shufflenetv2"}) {
    const auto pairs = pair_maps(network_of(backbone), teacher, {}, {});
    ASSERT_EQ(pairs.size(), 3u) << backbone << " shares 32, 16 and 8 pixels with the teacher";
    for (const auto& pair : pairs) {
      EXPECT_EQ(pair.student_shape.height, pair.teacher_shape.height) << backbone;
      EXPECT_EQ(pair.student_shape.width, pair.teacher_shape.width) << backbone;
    }
    EXPECT_EQ(pairs.back().teacher_shape, (Shape{64, 8, 8}));
  }
}

TEST(PairedMaps, AreCountedFromTheLastStageToo) {
  const auto student = network_of("mobilenetv2"), teacher = network_of("resnet", {{"depth", 20}});
  const auto last = pair_maps(student, teacher, {"stage.-1"}, {});
  EXPECT_EQ(last[0].student_shape, (Shape{1280, 4, 4}));
  EXPECT_EQ(last[0].teacher_shape, (Shape{64, 8, 8})) << "the nearest size that the teacher has";
  EXPECT_THROW(pair_maps(student, teacher, {"stage.-9"}, {}), Error);
}

TEST(PairedMaps, MayBeNamedOnBothSides) {
  const auto pairs = pair_maps(network_of("mobilenetv2"), network_of("resnet", {{"depth", 20}}),
                               {"features.5", "features.0.0"}, {"layer2", "conv1"});
  EXPECT_EQ(pairs[0].teacher_shape, (Shape{32, 16, 16}));
  EXPECT_EQ(pairs[1].student_shape, (Shape{32, 32, 32})) << "inside a unit";
}

TEST(FeatureDistillation, RefusesMapsWithoutPartners) {
  for (const auto& name : kMapLosses) {
    const auto& entry = entry_of(name);
    const auto settings =
        settings_of(entry, {{"teacher", "R20"}, {"maps", {"stage.0"}}, {"teacher_maps", {"a", "b"}}});
    const json recipe{{"distill", {{entry.short_name, settings}}}};
    EXPECT_EQ(entry.refuses(settings, {recipe, 30}).size(), 1u) << name;
  }
}

TEST(ContrastiveNegatives, AreImagesOfOtherClassesThatAreTrainedOn) {
  const std::vector<int> labels{0, 1, 2, 0, 1, 2, 0, 1};  // 6 and 7 are kept for the test
  const Negatives negatives({5, 3, 0, 1, 4, 2}, labels);
  EXPECT_EQ(negatives.images(), 6);
  const std::vector<std::uint32_t> anchors{4, 0};
  const auto index = negatives.pick(anchors, 200, Stream(1, "negatives").at(0, 0));
  for (std::size_t n = 0; n < anchors.size(); ++n) {
    std::set<std::int64_t> seen;
    EXPECT_EQ(index[std::int64_t(n)][0].item<std::int64_t>(), std::int64_t(anchors[n]));
    for (int i = 1; i <= 200; ++i) seen.insert(index[std::int64_t(n)][i].item<std::int64_t>());
    EXPECT_EQ(seen.size(), 4u);
    for (const auto id : seen) {
      EXPECT_LT(id, 6);
      EXPECT_NE(labels[std::size_t(id)], labels[anchors[n]]);
    }
  }
}

TEST(ContrastiveNegatives, AreAnyImagesWhereThereIsOneClass) {
  const Negatives negatives({0, 1, 2}, {7, 7, 7});
  const auto index = negatives.pick({1}, 50, Stream(1, "negatives").at(0, 0));
  EXPECT_LT(index.max().item<std::int64_t>(), 3);
}

TEST(MemoryBank, ScoresTheFirstBatchAsAMeanOfOneInTheNumberOfImages) {
  MemoryBank bank(10, 4, Stream(1, "bank"));
  const auto index = at::arange(6, at::kLong).view({2, 3});
  const auto embeddings = filled({2, 4}, 5).to(at::kFloat), others = filled({2, 4}, 6).to(at::kFloat);
  EXPECT_NEAR(bank.scores(embeddings, index, 0.5, 10).mean().item<double>(), 0.1, 1e-6);
  const auto first = bank.scores(embeddings, index, 0.5, 10), second = bank.scores(others, index, 0.5, 10);
  EXPECT_GT(std::abs(second.mean().item<double>() - 0.1), 1e-4) << "later ones by what the first came to";
  EXPECT_TRUE(at::equal(first, bank.scores(embeddings, index, 0.5, 10)));
}

TEST(MemoryBank, FollowsEmbeddingsAsUnitVectors) {
  MemoryBank bank(10, 4, Stream(1, "bank"));
  const auto index = at::arange(10, at::kLong).flip(0);
  const auto embeddings = filled({10, 4}, 5).to(at::kFloat);
  bank.follow(index, embeddings, 0);
  const auto units = ingredients::unit_rows(embeddings);
  const auto scores = bank.scores(units, at::arange(10, at::kLong).repeat({10, 1}), 1, 10);
  EXPECT_TRUE(at::equal(scores.argmax(1), index)) << "each is nearest to its own";
}

}  // namespace
}  // namespace ablate::test
