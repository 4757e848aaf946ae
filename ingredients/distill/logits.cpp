#include "ingredients/distill/logits.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/std.h>
#include <ATen/ops/zeros_like.h>

#include "harness/core/canonical.h"

namespace ablate::ingredients {
namespace {

at::Tensor repeated(const at::Tensor& samples, int views) {
  return views == 1 ? samples : samples.repeat({views, 1});
}

std::vector<std::string> twice_the_same_teacher(const nlohmann::json& settings, const RecipeView&) {
  std::vector<nlohmann::json> names{settings.at("teacher")};
  for (const auto& name : settings.at("teachers")) {
    if (std::find(names.begin(), names.end(), name) != names.end())
      return {"it names a teacher twice, which counts it double; name each once"};
    names.push_back(name);
  }
  return {};
}

}  // namespace

LogitDistillation::LogitDistillation(const LogitParams& p) : Distillation(p), p_(p) {
  keys_.push_back(canonical(p.teacher.id));
  for (const auto& teacher : p.teachers) keys_.push_back(canonical(teacher.id));
}

void LogitDistillation::prepare(Setup& setup) {
  setup.want_teacher(p_.teacher);
  for (const auto& teacher : p_.teachers) setup.want_teacher(teacher);
}

at::Tensor LogitDistillation::loss(const at::Tensor& student, const at::Tensor& teacher,
                                   const at::Tensor& targets) const {
  TORCH_CHECK(student.sizes() == teacher.sizes(), "student and teacher differ in classes: ", student.sizes(),
              " and ", teacher.sizes());
  if (p_.standardize) return of_logits(standardised(student), standardised(teacher), targets);
  return of_logits(student, teacher, targets);
}

at::Tensor LogitDistillation::value(const Step& step) {
  const auto& student = step.student.logits;
  const auto& batch = step.batch;
  const auto targets = p_.label == "data"
                           ? at::one_hot(batch.labels, student.size(1)).to(student.scalar_type())
                           : batch.targets;
  return loss(student, teacher_logits(step), repeated(targets, batch.views));
}

at::Tensor LogitDistillation::teacher_logits(const Step& step) const {
  std::vector<at::Tensor> logits;
  for (const auto& key : keys_) logits.push_back(step.teachers.at(key).logits);
  if (logits.size() == 1) return logits[0];
  return p_.ensemble == "logits" ? at::stack(logits).mean(0) : mean_of_probabilities(logits, p_.temperature);
}

at::Tensor softened_divergence(const at::Tensor& student, const at::Tensor& teacher, double t) {
  const auto log_target = at::log_softmax(teacher / t, 1);
  const auto difference = log_target - at::log_softmax(student / t, 1);
  return (log_target.exp() * difference).sum() * (t * t / double(student.size(0)));
}

at::Tensor standardised(const at::Tensor& logits) {
  const auto deviation = at::std(logits, at::OptionalIntArrayRef({1}), 1, true);
  return (logits - logits.mean(1, true)) / (deviation + 1e-7);
}

at::Tensor mean_of_probabilities(const std::vector<at::Tensor>& logits, double t) {
  const auto members = at::log_softmax(at::stack(logits) / t, 2);
  return (at::logsumexp(members, 0) - std::log(double(logits.size()))) * t;
}

at::Tensor target_class(const at::Tensor& targets) {
  return at::zeros_like(targets, at::kBool).scatter_(1, targets.argmax(1, true), true);
}

at::Tensor log_softmax_outside(const at::Tensor& logits, const at::Tensor& mask) {
  const auto others = logits.masked_fill(mask, -std::numeric_limits<double>::infinity());
  return at::log_softmax(others, 1).masked_fill(mask, 0);
}

IngredientHeader logit_header(IngredientHeader header) {
  header.refuses = together({twice_the_same_teacher, std::move(header.refuses)});
  return taught_header(std::move(header));
}

IngredientHeader labelled_header(IngredientHeader header) {
  add_interaction(header,
                  "Under `mix` the class singled out is that of the larger share; with `label` data it is "
                  "the image's own, small as its share may be.");
  return logit_header(std::move(header));
}

}  // namespace ablate::ingredients
