#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "ingredients/distill/logits.h"
#include "tests/ingredients/loss_support.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

using ingredients::LogitDistillation;
using nlohmann::json;

const std::vector<std::string> kLogitLosses{"distill.bce",   "distill.dist", "distill.dkd",
                                            "distill.logit", "distill.nkd",  "distill.wsld"};

at::Tensor some_logits(std::uint64_t stream) {
  return filled({8, 10}, stream, 3);
}
at::Tensor some_targets() {
  return at::eye(10, at::kDouble).narrow(0, 0, 8);
}

/// The value of the term that a distillation adds in an epoch, and its weight.
Loss::Term term(Ingredient& ingredient, const std::map<std::string, at::Tensor>& teachers, int epoch = 0) {
  const LossStep step{some_logits(1), some_targets(), at::arange(8), teachers};
  return step.terms(ingredient, tensor_of({1}, {}), epoch).terms().at(1);
}

double loss_of(const std::string& name, const json& settings, const at::Tensor& student,
               const at::Tensor& teacher) {
  const auto ingredient = distillation(name, settings);
  return dynamic_cast<LogitDistillation&>(*ingredient).loss(student, teacher, some_targets()).item<double>();
}

TEST(LogitDistillation, VanishesWhenTheStudentMatchesTheTeacher) {
  for (const std::string name : {"distill.logit", "distill.dkd"})
    EXPECT_NEAR(loss_of(name, json::object(), some_logits(2), some_logits(2)), 0, 1e-12) << name;
  EXPECT_NEAR(loss_of("distill.dist", json::object(), some_logits(2), some_logits(2)), 0, 1e-4)
      << "but for the 1e-8 that keep its products of norms off zero";
}

TEST(LogitDistillation, PullsTowardsTheTeacher) {
  for (const auto& name : kLogitLosses) {
    const auto near = some_logits(2) + 0.1 * some_logits(1);
    EXPECT_LT(loss_of(name, json::object(), near, some_logits(2)),
              loss_of(name, json::object(), some_logits(1), some_logits(2)))
        << name;
  }
}

TEST(LogitDistillation, LeavesTheTaskTermAloneAtItsNeutralSetting) {
  const auto ingredient = distillation("distill.logit", {{"kd_weight", 0.0}, {"ce_weight", 1.0}});
  const LossStep step{some_logits(1), some_targets(), {}, {{"T", some_logits(2)}}};
  EXPECT_EQ(step.terms(*ingredient, tensor_of({0.7}, {})).total().item<double>(), 0.7);
}

TEST(LogitDistillation, RaisesItsWeightOverTheEpochsOfItsWarmUp) {
  const auto ingredient = distillation("distill.logit", {{"kd_weight", 2.0}, {"warmup_epochs", 4}});
  std::vector<double> weights;
  for (int epoch = 0; epoch < 6; ++epoch)
    weights.push_back(term(*ingredient, {{"T", some_logits(2)}}, epoch).weight);
  EXPECT_EQ(weights, (std::vector<double>{0.5, 1, 1.5, 2, 2, 2}));
}

TEST(LogitDistillation, StandardisesAnyLoss) {
  for (const auto& name : kLogitLosses) {
    if (name == "distill.bce") continue;  // which refuses it
    const auto teacher = some_logits(2), student = some_logits(1);
    const auto shifted = teacher * 3 + 5;
    EXPECT_NEAR(loss_of(name, {{"standardize", true}}, student, teacher),
                loss_of(name, {{"standardize", true}}, student, shifted), 1e-5)
        << name << ": scale and shift of the teacher's logits make no difference";
    EXPECT_GT(std::abs(loss_of(name, json::object(), student, teacher) -
                       loss_of(name, {{"standardize", true}}, student, teacher)),
              1e-3)
        << name;
  }
}

TEST(LogitDistillation, AveragesTheProbabilitiesOfSeveralTeachers) {
  const json both{{"teachers", {teacher_ref("U")}}, {"temperature", 2.0}};
  const auto one = some_logits(2), other = some_logits(3);
  const auto mean = (at::softmax(one / 2, 1) + at::softmax(other / 2, 1)) / 2;
  const auto expected = loss_of("distill.logit", {{"temperature", 2.0}}, some_logits(1), mean.log() * 2);
  const auto ingredient = distillation("distill.logit", both);
  EXPECT_NEAR(term(*ingredient, {{"T", one}, {"U", other}}).value.item<double>(), expected, 1e-12);
}

TEST(LogitDistillation, AveragesTheLogitsOfSeveralTeachersWhenAskedTo) {
  const json both{{"teachers", {teacher_ref("U")}}, {"ensemble", "logits"}};
  const auto one = some_logits(2), other = some_logits(3);
  const auto ingredient = distillation("distill.logit", both);
  EXPECT_NEAR(term(*ingredient, {{"T", one}, {"U", other}}).value.item<double>(),
              loss_of("distill.logit", json::object(), some_logits(1), (one + other) / 2), 1e-12);
}

TEST(LogitDistillation, SinglesOutTheClassWithTheMostOfAMixedTargetOrThatOfTheData) {
  const auto mixed = some_targets() * 0.3 + some_targets().flip(0) * 0.7;
  for (const std::string name : {"distill.dkd", "distill.nkd", "distill.wsld"}) {
    const auto value = [&](const char* label, const at::Tensor& targets, const at::Tensor& labels) {
      const LossStep step{some_logits(1), targets, labels, {{"T", some_logits(2)}}};
      const auto ingredient = distillation(name, {{"label", label}});
      return step.terms(*ingredient, tensor_of({1}, {})).terms().at(1).value.item<double>();
    };
    const auto labels = at::arange(8);
    EXPECT_EQ(value("argmax", mixed, labels), value("argmax", some_targets().flip(0), labels)) << name;
    EXPECT_EQ(value("data", mixed, labels), value("argmax", some_targets(), labels)) << name;
  }
}

TEST(LogitDistillation, StaysFiniteForLogitsFarApart) {
  for (const auto& name : kLogitLosses) {
    auto student = (some_logits(1) * 100).to(at::kFloat).requires_grad_();
    const auto ingredient = distillation(name, {{"temperature", 1.0}});
    const auto value = dynamic_cast<LogitDistillation&>(*ingredient)
                           .loss(student, (some_logits(2) * 100).to(at::kFloat), some_targets());
    value.backward();
    EXPECT_TRUE(at::isfinite(value).item<bool>()) << name;
    EXPECT_TRUE(at::isfinite(student.grad()).all().item<bool>()) << name;
  }
}

std::size_t reasons(const std::string& name, json given, json others = json::object()) {
  const auto& entry = entry_of(name);
  given["teacher"] = "R20";
  const auto settings = settings_of(entry, given);
  others["distill"][entry.short_name] = settings;
  return entry.refuses(settings, {others, 30}).size();
}

TEST(LogitDistillation, RefusesTwoTaskWeights) {
  const auto second = [](double ce_weight) {
    return json{{"distill", {{"logit@second", {{"ce_weight", ce_weight}}}}}};
  };
  EXPECT_EQ(reasons("distill.logit", json::object(), second(0.5)), 1u);
  EXPECT_EQ(reasons("distill.logit", json::object(), second(0.1)), 0u);
}

TEST(LogitDistillation, RefusesWhatMakesNoSense) {
  for (const auto& name : kLogitLosses) {
    EXPECT_EQ(reasons(name, json::object()), 0u) << name;
    EXPECT_EQ(reasons(name, {{"kd_weight", 0}, {"ce_weight", 0}}), 1u) << name;
    EXPECT_EQ(reasons(name, {{"teachers", {"R56", "R20"}}}), 1u) << name << " names R20 twice";
    EXPECT_EQ(reasons(name, {{"warmup_epochs", 31}}), 1u) << name << " never reaches its weight";
  }
  EXPECT_EQ(reasons("distill.bce", {{"standardize", true}}), 1u);
  EXPECT_EQ(reasons("distill.dist", json::object(), {{"train", {{"drop_last", false}, {"batch", 8}}}}), 1u);
}

}  // namespace
}  // namespace ablate::test
