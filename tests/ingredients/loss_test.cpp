#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "harness/train/step.h"
#include "tests/ingredients/loss_support.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

std::size_t refusals(const std::string& name, const nlohmann::json& given, const nlohmann::json& recipe) {
  const auto& entry = entry_of(name);
  return entry.refuses(settings_of(entry, given), {recipe, 10}).size();
}

TEST(LabelSmoothing, KeepsTheSumOfTheTarget) {
  for (const std::string over : {"all", "others"}) {
    Batch batch{
        .images = {}, .targets = tensor_of({0, 1, 0, 0, .3, 0, 0, .7}, {2, 4}), .labels = {}, .ids = {}};
    make("loss.label_smoothing", {{"epsilon", 0.1}, {"over", over}})->transform_batch(batch, {});
    for (const double sum : values_of(batch.targets.sum(1))) EXPECT_NEAR(sum, 1, 1e-15) << over;
  }
}

TEST(LabelSmoothing, GivesTheOthersAllOfItsShareWhenAskedTo) {
  Batch batch{.images = {}, .targets = tensor_of({0, 1, 0, 0}, {1, 4}), .labels = {}, .ids = {}};
  make("loss.label_smoothing", {{"epsilon", 0.3}, {"over", "others"}})->transform_batch(batch, {});
  const std::vector<double> expected{0.1, 0.7, 0.1, 0.1};
  const auto values = values_of(batch.targets);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(values[i], expected[i], 1e-15);
}

TEST(BinaryCrossEntropy, IsTheSumOfAYesOrNoForEachClassOfASoftTarget) {
  const auto logits = tensor_of({2, -1, 0}, {1, 3}), targets = tensor_of({.7, .3, 0}, {1, 3});
  const LossStep step{logits, targets, {}, {}};
  const auto sigmoid = values_of(at::sigmoid(logits));
  const double expected = -(.7 * std::log(sigmoid[0]) + .3 * std::log(1 - sigmoid[0])) -
                          (.3 * std::log(sigmoid[1]) + .7 * std::log(1 - sigmoid[1])) -
                          std::log(1 - sigmoid[2]);
  EXPECT_NEAR(step.task(*make("loss.bce", {{"over_classes", "sum"}})).item<double>(), expected, 1e-12);
  EXPECT_NEAR(step.task(*make("loss.bce")).item<double>(), expected / 3, 1e-12);
}

TEST(BinaryCrossEntropy, WantsEveryClassAboveTheThresholdWhole) {
  const auto logits = tensor_of({2, -1, 0, 1}, {1, 4});
  const auto with = make("loss.bce", {{"target_threshold", 0.2}}), without = make("loss.bce");
  const LossStep mixed{logits, tensor_of({.7, .3, .2, 0}, {1, 4}), {}, {}};
  const LossStep whole{logits, tensor_of({1, 1, 0, 0}, {1, 4}), {}, {}};
  EXPECT_EQ(mixed.task(*with).item<double>(), whole.task(*without).item<double>());
}

TEST(BinaryCrossEntropy, JudgesTheFirstViewOnly) {
  const auto targets = tensor_of({1, 0, 0, 1}, {2, 2});
  const auto logits = tensor_of({1, 2, 3, 4, 50, 60, 70, 80}, {4, 2});
  const auto ingredient = make("loss.bce");
  EXPECT_EQ((LossStep{logits, targets, {}, {}}.task(*ingredient).item<double>()),
            (LossStep{logits.narrow(0, 0, 2), targets, {}, {}}.task(*ingredient).item<double>()));
}

TEST(BinaryCrossEntropy, RefusesAThresholdThatUndoesSmoothing) {
  const nlohmann::json smooth{{"loss", {{"label_smoothing", {{"epsilon", 0.1}}}, {"bce", {}}}}};
  EXPECT_EQ(refusals("loss.bce", {{"target_threshold", 0.2}}, smooth), 1u);
  EXPECT_EQ(refusals("loss.bce", nlohmann::json::object(), smooth), 0u);
}

TEST(BinaryCrossEntropy, RefusesASecondTaskTerm) {
  const nlohmann::json twice{{"loss", {{"bce", {}}, {"bce@second", {}}}}};
  EXPECT_EQ(refusals("loss.bce", nlohmann::json::object(), twice), 1u);
}

TEST(Loss, LeavesOutTermsWithoutWeight) {
  Loss loss;
  loss.add("task", 1, tensor_of({2}, {}));
  loss.add("distill.logit", 0, tensor_of({std::numeric_limits<double>::quiet_NaN()}, {}));
  EXPECT_EQ(loss.total().item<double>(), 2);
}

TEST(Loss, RefusesTwoTermsOfOneName) {
  Loss loss;
  loss.add("task", 1, tensor_of({2}, {}));
  EXPECT_ANY_THROW(loss.add("task", 1, tensor_of({2}, {})));
}

}  // namespace
}  // namespace ablate::test
