#include "tests/ingredients/loss_support.h"

#include <ATen/ATen.h>

#include "harness/core/canonical.h"
#include "tests/graph/fixture.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

/// Calls `use` with the step as the trainer would hand it over.
template <class Use>
auto with_step(const LossStep& given, int epoch, const Use& use) {
  FakeStudent network{Weights{}};
  const Batch batch{.images = {}, .targets = given.targets, .labels = given.labels, .ids = {}};
  const Output output{given.student, {}};
  std::map<std::string, Output> teachers;
  for (const auto& [name, logits] : given.teachers) teachers[canonical(teacher_ref(name))] = {logits, {}};
  const Progress at{.epoch = epoch, .epochs = 10, .steps_per_epoch = 10};
  const Pass pass{};
  return use(Step{at, batch, output, teachers, network, pass});
}

}  // namespace

at::Tensor filled(const std::vector<std::int64_t>& shape, std::uint64_t stream, double scale) {
  std::int64_t count = 1;
  for (const auto n : shape) count *= n;
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const double product = scale * signed_fill(stream, std::uint64_t(i));
    values.push_back(static_cast<float>(product));
  }
  return tensor_of(values, shape);
}

at::Tensor logits_of(const nlohmann::json& set, const std::string& who) {
  const auto shape = set.at("shape").get<std::vector<std::int64_t>>();
  if (!set.contains(who)) {
    const auto& fill = set.at("fill");
    return filled(shape, fill.at("stream_" + who), fill.at("scale_" + who));
  }
  std::vector<double> values;
  for (const auto& row : set[who]) values.insert(values.end(), row.begin(), row.end());
  return tensor_of(values, shape);
}

at::Tensor one_hot(const nlohmann::json& set) {
  auto targets = at::zeros(set.at("shape").get<std::vector<std::int64_t>>(), at::kDouble);
  for (std::size_t n = 0; n < set.at("labels").size(); ++n)
    targets[std::int64_t(n)][set["labels"][n].get<std::int64_t>()] = 1;
  return targets;
}

Loss LossStep::terms(Ingredient& ingredient, const at::Tensor& task, int epoch) const {
  return with_step(*this, epoch, [&](const Step& step) {
    Loss loss;
    loss.add("task", ingredient.task_weight().value_or(1), task);
    ingredient.add_loss(step, loss);
    return loss;
  });
}

at::Tensor LossStep::task(Ingredient& ingredient) const {
  return with_step(*this, 0, [&](const Step& step) { return ingredient.task_loss(step).value(); });
}

nlohmann::json teacher_ref(const std::string& name) {
  return {{"run", name}};
}

std::unique_ptr<Ingredient> distillation(const std::string& name, nlohmann::json given) {
  if (!given.contains("teacher")) given["teacher"] = teacher_ref("T");
  auto ingredient = make(name, given);
  begin(*ingredient, name);
  return ingredient;
}

}  // namespace ablate::test
