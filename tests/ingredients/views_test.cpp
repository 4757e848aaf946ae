#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "ingredients/ingredient.h"
#include "tests/ingredients/small_training.h"

namespace ablate::test {
namespace {

const nlohmann::json kBackbone{{"mobilenetv2", {{"width", 0.1}}}};

/// Asks for two views and tells in how many steps they were the same.
class TwoViews final : public Ingredient {
 public:
  TwoViews(bool alike, int& equal, int& steps) : alike_(alike), equal_(equal), steps_(steps) {}

  void begin(Setup& setup) override {
    setup.want_views(2);
    if (alike_) setup.want_alike_crops();
  }
  void transform_batch(Batch& batch, const Progress&) override {
    const auto views = batch.images.unflatten(0, {2, -1});
    equal_ += at::equal(views[0], views[1]);
    ++steps_;
  }

 private:
  bool alike_;
  int &equal_, &steps_;
};

/// In how many of six steps both views of every sample were cut and mirrored alike.
int equal_steps(bool alike) {
  const SmallTraining small;
  int equal = 0, steps = 0;
  IngredientEntry entry;
  entry.name = "augment.two_views";
  entry.family = "augment";
  entry.short_name = "two_views";
  entry.make = [&](const nlohmann::json&) { return std::make_unique<TwoViews>(alike, equal, steps); };
  auto catalogue = ingredient_catalogue();
  catalogue.push_back(entry);
  auto recipe = small.recipe(kBackbone);
  recipe["augment"]["two_views"] = nlohmann::json::object();
  small.train(recipe, {.catalogue = catalogue});
  EXPECT_EQ(steps, 6);
  return equal;
}

TEST(Views, AreCutAndMirroredEachForItselfUnlessAskedOtherwise) {
  EXPECT_EQ(equal_steps(false), 0);
  EXPECT_EQ(equal_steps(true), 6);
}

SmallTraining::Result tested_at(const SmallTraining& small, double scale, int batches) {
  auto recipe = small.recipe(kBackbone);
  recipe["curriculum"]["test_size"] = {{"scale", scale}, {"statistics_batches", batches}};
  return small.train(recipe);
}

double statistics_distance(const SmallTraining::Result& a, const SmallTraining::Result& b) {
  double distance = 0;
  for (const auto& [place, tensor] : a.weights)
    distance += (tensor - b.weights.at(place)).abs().sum().item<double>();
  return distance;
}

TEST(TestSize, EvaluatesAtItsSizeAndComputesStatisticsThere) {
  const SmallTraining small;
  const auto plain = small.train(small.recipe(kBackbone));
  const auto larger = tested_at(small, 1.25, 0), recomputed = tested_at(small, 1.25, 3);
  EXPECT_NE(larger.reported().at("loss"), plain.reported().at("loss")) << "other images";
  EXPECT_EQ(statistics_distance(larger, plain), 0);
  EXPECT_GT(statistics_distance(recomputed, plain), 0);
  EXPECT_NE(recomputed.reported().at("loss"), larger.reported().at("loss"));
}

TEST(TestSize, TakesTheMeanOfStatisticsOverItsBatches) {
  const SmallTraining small;
  const auto three = tested_at(small, 1, 3), more = tested_at(small, 1, 100);
  EXPECT_EQ(statistics_distance(three, more), 0) << "24 images are three batches";
  EXPECT_GT(statistics_distance(three, tested_at(small, 1, 1)), 0);
}

}  // namespace
}  // namespace ablate::test
