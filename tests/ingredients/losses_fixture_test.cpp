#include <gtest/gtest.h>

#include <functional>
#include <map>

#include <ATen/ATen.h>

#include "harness/train/step.h"
#include "ingredients/distill/logits.h"
#include "ingredients/loss/jensen_shannon.h"
#include "ingredients/mix/mixing.h"
#include "tests/graph/fixture.h"
#include "tests/ingredients/loss_support.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

using nlohmann::json;
using training::soft_cross_entropy;

/// A case of the fixture: logits (the student's with a gradient), targets and parameters.
struct Case {
  at::Tensor student, teacher, targets;
  json params;

  double param(const char* name) const { return params.at(name); }
};

/// The formula of a logit distillation, without weights.
at::Tensor formula(const std::string& name, const Case& one, json settings) {
  const auto ingredient = distillation(name, std::move(settings));
  return dynamic_cast<ingredients::LogitDistillation&>(*ingredient)
      .loss(one.student, one.teacher, one.targets);
}

/// The task term and what a distillation adds to it.
at::Tensor total(const std::string& name, const Case& one, json settings) {
  const auto ingredient = distillation(name, std::move(settings));
  const LossStep step{one.student, one.targets, {}, {{"T", one.teacher}}};
  return step.terms(*ingredient, soft_cross_entropy(one.student, one.targets)).total();
}

at::Tensor smoothed(const Case& one) {
  const auto smoothing = make("loss.label_smoothing", {{"epsilon", one.params.at("smoothing")}});
  Batch batch{.images = {}, .targets = one.targets, .labels = {}, .ids = {}};
  smoothing->transform_batch(batch, {});
  return soft_cross_entropy(one.student, batch.targets);
}

at::Tensor mixed(const Case& one) {
  const auto images = at::zeros({1, one.targets.size(0), 3, 1, 1}, one.targets.options());
  const ingredients::MixSamples samples{images, one.targets.clone()};
  auto draw = Stream(1, "partners").at(0, 0);
  const auto partners = ingredients::partners_of(samples, "reversed", draw);
  ingredients::mix_in(samples, partners, {.lambda = one.param("lambda")});
  return soft_cross_entropy(one.student, samples.targets);
}

at::Tensor binary(const Case& one, const char* over_classes) {
  const auto ingredient = make("loss.bce", {{"over_classes", over_classes}});
  return LossStep{one.student, one.targets, {}, {}}.task(*ingredient);
}

at::Tensor decoupled(const Case& one, double alpha, double beta) {
  return formula("distill.dkd", one, {{"temperature", one.params.at("T")}, {"alpha", alpha}, {"beta", beta}});
}

at::Tensor augmented(const Case& one) {
  const auto views = at::cat({one.student, one.teacher, one.student.detach().flip(0)});
  return soft_cross_entropy(one.student, one.targets) +
         ingredients::jensen_shannon(views, 3) * one.param("alpha");
}

json at_temperature(const Case& one) {
  return {{"temperature", one.params.at("T")}};
}

const json kGhostNetV3{
    {"temperature", 1.0}, {"kd_weight", 1.0}, {"ce_weight", 1.0}, {"form", "cross_entropy"}};

/// What of ours each loss of the fixture is.
const std::map<std::string, std::function<at::Tensor(const Case&)>> kOurs{
    {"ce", [](const Case& one) { return soft_cross_entropy(one.student, one.targets); }},
    {"ce_label_smoothing", smoothed},
    {"soft_target_ce", mixed},
    {"bce_onehot_mean", [](const Case& one) { return binary(one, "mean"); }},
    {"bce_onehot_sum_classes", [](const Case& one) { return binary(one, "sum"); }},
    {"hinton_kd", [](const Case& one) { return formula("distill.logit", one, at_temperature(one)); }},
    {"hinton_total",
     [](const Case& one) {
       auto settings = at_temperature(one);
       for (const auto* name : {"ce_weight", "kd_weight"}) settings[name] = one.params.at(name);
       return total("distill.logit", one, settings);
     }},
    {"ghostnetv3_soft", [](const Case& one) { return formula("distill.logit", one, kGhostNetV3); }},
    {"ghostnetv3_total", [](const Case& one) { return total("distill.logit", one, kGhostNetV3); }},
    {"bce_kd", [](const Case& one) { return formula("distill.bce", one, json::object()); }},
    {"dkd", [](const Case& one) { return decoupled(one, one.param("alpha"), one.param("beta")); }},
    {"dkd_tckd", [](const Case& one) { return decoupled(one, 1, 0); }},
    {"dkd_nckd", [](const Case& one) { return decoupled(one, 0, 1); }},
    {"nkd",
     [](const Case& one) {
       auto settings = at_temperature(one);
       settings["gamma"] = one.params.at("gamma");
       return formula("distill.nkd", one, settings);
     }},
    {"wsld_soft", [](const Case& one) { return formula("distill.wsld", one, at_temperature(one)); }},
    {"wsld_total",
     [](const Case& one) {
       auto settings = at_temperature(one);
       settings["kd_weight"] = one.params.at("soft_weight");
       return total("distill.wsld", one, settings);
     }},
    {"dist",
     [](const Case& one) {
       auto settings = at_temperature(one);
       for (const auto* name : {"beta", "gamma"}) settings[name] = one.params.at(name);
       return formula("distill.dist", one, settings);
     }},
    {"standardised_kd",
     [](const Case& one) {
       auto settings = at_temperature(one);
       settings["standardize"] = true;
       return formula("distill.logit", one, settings);
     }},
    {"jsd", augmented}};

void expect_gradient(const at::Tensor& gradient, const json& one) {
  const auto values = values_of(gradient);
  std::vector<double> expected;
  const auto& stored = one.contains("grad") ? one["grad"] : one.at("grad_row0");
  for (const auto& row : stored)
    if (row.is_array())
      expected.insert(expected.end(), row.begin(), row.end());
    else
      expected.push_back(row);
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(values[i], expected[i], 1e-9) << "element " << i;
  if (!one.contains("grad_l2")) return;
  EXPECT_NEAR(gradient.norm().item<double>(), one["grad_l2"].get<double>(), 1e-9);
  EXPECT_NEAR(gradient.abs().sum().item<double>(), one["grad_sum_abs"].get<double>(), 1e-9);
}

TEST(LossesFixture, ReproduceValuesAndGradients) {
  const auto fixture = read_fixture(fixture_folder() / "losses.json");
  ASSERT_FALSE(fixture.at("cases").empty());
  for (const auto& one : fixture.at("cases")) {
    const std::string loss = one.at("loss"), name = one.at("set");
    SCOPED_TRACE(loss + " on " + name + " " + one.at("params").dump());
    const auto ours = kOurs.find(loss);
    if (ours == kOurs.end()) {
      ADD_FAILURE() << "no ingredient covers the loss '" << loss << "'";
      continue;
    }
    const auto& set = fixture.at("sets").at(name);
    const Case given{logits_of(set, "student").requires_grad_(), logits_of(set, "teacher"), one_hot(set),
                     one.at("params")};
    const auto value = ours->second(given);
    const double expected = one.at("value");
    EXPECT_NEAR(value.item<double>(), expected, 1e-9 * std::max(1.0, std::abs(expected)));
    value.backward();
    expect_gradient(given.student.grad(), one);
  }
}

}  // namespace
}  // namespace ablate::test
