#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/ingredients/loss_support.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

using nlohmann::json;

/// A linear classifier of the pixels, so that the best attack is known: each pixel goes against its weight.
class LinearStudent final : public Student {
 public:
  Weights& weights() override { return weights_; }
  const Graph& graph() const override { return graph_; }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    asked.push_back(pass);
    const auto score = (images.flatten(1) * direction).sum(1, true);
    return {at::cat({score, -score}, 1), {}};
  }
  Output forward_with(const Weights&, const at::Tensor& images, const Pass& pass) override {
    return forward(images, pass);
  }
  std::vector<Pass> asked;
  at::Tensor direction = filled({12}, 3);

 private:
  Graph graph_;
  Weights weights_;
};

/// Four images of 3x2x2 in 0..1, of class 0.
Batch some_batch() {
  Batch batch;
  batch.images = (filled({4, 3, 2, 2}, 1) + 1) / 2;
  batch.targets = tensor_of({1, 0, 1, 0, 1, 0, 1, 0}, {4, 2});
  return batch;
}

at::Tensor attacked(const json& settings, LinearStudent& student) {
  const auto ingredient = make("regularize.adversarial", settings);
  begin(*ingredient, "regularize.adversarial");
  auto batch = some_batch();
  ingredient->before_forward(batch, student, {.training = true, .taps = {"stage.0"}}, {});
  return batch.images;
}

TEST(Adversarial, IsOneStepAgainstEachPixelForFgsm) {
  LinearStudent student;
  const json fgsm{{"radius", 8}, {"step", 8}, {"steps", 1}, {"random_start", false}, {"share", 1}};
  const auto clean = some_batch().images;
  const auto expected = (clean - student.direction.sign().view({1, 3, 2, 2}) * (8.0 / 255)).clamp(0, 1);
  EXPECT_TRUE(at::allclose(attacked(fgsm, student), expected, 0, 1e-12));
}

TEST(Adversarial, EndsAtTheBestAttackWithinTheRadiusAfterEnoughSteps) {
  LinearStudent student;
  const json pgd{{"radius", 8}, {"step", 2}, {"steps", 20}, {"share", 1}};
  const auto clean = some_batch().images;
  const auto expected = (clean - student.direction.sign().view({1, 3, 2, 2}) * (8.0 / 255)).clamp(0, 1);
  EXPECT_TRUE(at::allclose(attacked(pgd, student), expected, 0, 1e-12));
}

TEST(Adversarial, StaysWithinTheRadiusAndThePixelRange) {
  LinearStudent student;
  const auto images = attacked({{"radius", 100}, {"step", 30}, {"steps", 3}, {"share", 1}}, student);
  EXPECT_GE(images.min().item<double>(), 0);
  EXPECT_LE(images.max().item<double>(), 1);
  EXPECT_LE((images - some_batch().images).abs().max().item<double>(), 100.0 / 255 + 1e-12);
}

TEST(Adversarial, LeavesTheOthersOfTheBatchClean) {
  LinearStudent student;
  const auto images = attacked({{"share", 0.5}}, student), clean = some_batch().images;
  EXPECT_TRUE(at::equal(images.narrow(0, 2, 2), clean.narrow(0, 2, 2)));
  EXPECT_FALSE(at::equal(images.narrow(0, 0, 2), clean.narrow(0, 0, 2)));
}

TEST(Adversarial, LooksAtTheNetworkAsItTrainsWithoutLeavingATrace) {
  LinearStudent student;
  attacked({{"steps", 3}}, student);
  ASSERT_EQ(student.asked.size(), 3u);
  for (const auto& pass : student.asked) {
    EXPECT_TRUE(pass.training);
    EXPECT_FALSE(pass.update_statistics);
    EXPECT_TRUE(pass.taps.empty());
  }
}

TEST(Adversarial, RefusesWhatChangesNothingOrLeavesNothingToTell) {
  const auto& entry = entry_of("regularize.adversarial");
  const auto reasons = [&](const json& given) {
    const json recipe{{"train", {{"batch", 8}}}};
    return entry.refuses(settings_of(entry, given), {recipe, 10}).size();
  };
  EXPECT_EQ(reasons({{"step", 0}, {"random_start", false}}), 1u);
  EXPECT_EQ(reasons({{"share", 0.01}}), 1u);
  EXPECT_EQ(reasons({{"share", 1}, {"detector", "apart"}}), 1u);
  EXPECT_EQ(reasons({{"share", 0.5}, {"detector", "apart"}}), 0u);
}

}  // namespace
}  // namespace ablate::test
