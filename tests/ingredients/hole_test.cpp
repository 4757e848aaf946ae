#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

constexpr Progress kStep{.epoch = 0, .step = 2, .epochs = 1, .steps_per_epoch = 10};

/// What becomes of images that are 2 all over: what differs was filled.
at::Tensor holes_of(const std::string& name, const nlohmann::json& given, std::int64_t n = 64) {
  const auto ingredient = make(name, given);
  begin(*ingredient, name);
  Batch batch{.images = at::full({n, 3, 16, 16}, 2.0), .targets = {}, .labels = {}, .ids = {}};
  ingredient->transform_batch(batch, kStep);
  const auto touched = (batch.images != 2).any(3).any(2).any(1).sum().item<double>();
  EXPECT_EQ(ingredient->counters().at("images"), touched);
  return batch.images;
}

at::Tensor areas_of(const at::Tensor& images) {
  return (images != 2).select(1, 0).sum(at::IntArrayRef{1, 2});
}

TEST(Erasing, ErasesAsManyImagesAsItsProbabilitySays) {
  const auto areas = areas_of(holes_of("augment.erasing", {{"probability", 0.25}}, 2000));
  EXPECT_NEAR((areas > 0).sum().item<double>(), 500, 5 * 19.4) << "five standard deviations";
}

TEST(Erasing, KeepsToItsRangeOfAreas) {
  const auto areas = areas_of(holes_of("augment.erasing", {{"probability", 1.0}, {"area", {0.1, 0.2}}}, 500));
  EXPECT_GE(areas.min().item<double>(), 0.1 * 256 - 8) << "sides are rounded";
  EXPECT_LE(areas.max().item<double>(), 0.2 * 256 + 8);
}

TEST(Erasing, FillsAsAsked) {
  // The data set of the stand-in has mean 0.5 and deviation 0.25.
  const auto filled = [](const std::string& fill) {
    const auto images = holes_of("augment.erasing", {{"probability", 1.0}, {"fill", fill}}, 400);
    return images.index({images != 2});
  };
  EXPECT_TRUE((filled("black") == 0).all().item<bool>());
  EXPECT_TRUE((filled("mean") == 0.5).all().item<bool>());
  for (const std::string fill : {"noise", "colour"}) {
    const auto values = filled(fill);
    EXPECT_NEAR(values.mean().item<double>(), 0.5, 0.05) << fill;
    EXPECT_NEAR(values.std().item<double>(), 0.25, 0.05) << fill;
  }
  const auto one = holes_of("augment.erasing", {{"probability", 1.0}, {"fill", "colour"}}, 1)[0][0];
  const auto inside = one.index({one != 2});
  EXPECT_TRUE((inside == inside[0]).all().item<bool>()) << "one colour a box";
}

TEST(Erasing, WeakensWithTheStrengthOfACurriculum) {
  const auto erasing = make("augment.erasing", {{"probability", 1.0}});
  begin(*erasing, "augment.erasing");
  EpochPlan plan;
  plan.strength = 0;
  erasing->plan_epoch(plan, {});
  Batch batch{.images = at::full({8, 3, 16, 16}, 2.0), .targets = {}, .labels = {}, .ids = {}};
  erasing->transform_batch(batch, kStep);
  EXPECT_TRUE((batch.images == 2).all().item<bool>());
}

TEST(Cutout, CutsASquareOfItsSideOutOfEveryImageAndClipsIt) {
  for (const int side : {6, 7}) {
    const auto areas = areas_of(holes_of("augment.cutout", {{"side", side}}, 500));
    EXPECT_EQ(areas.max().item<std::int64_t>(), side * side);
    EXPECT_LT(areas.min().item<std::int64_t>(), side * side);
    EXPECT_GE(areas.min().item<std::int64_t>(), (side / 2) * (side / 2));
  }
}

}  // namespace
}  // namespace ablate::test
