#include "tests/ingredients/toy_training.h"

#include <ATen/ATen.h>

#include "tests/graph/fixture.h"

namespace ablate::test {

const nlohmann::json& toy_fixture() {
  static const auto fixture = read_fixture(fixture_folder() / "optimizers.json");
  return fixture;
}

ToyTraining::ToyTraining(const nlohmann::json& fixture, const ToyKit& kit)
    : problem_(fixture), student_(problem_.start()) {
  auto& weights = student_.weights();
  const std::vector<double> ones(weights.segments().size(), 1);
  sets_.push_back({"student", weights.trained(), weights.gradients(), &weights.segments(), ones, ones});
  for (const auto& [name, settings] : kit) {
    auto& ingredient = kit_.emplace_back(make(name, settings));
    FakeSetup setup(name, weights.clone());
    ingredient->begin(setup);
    ingredient->group(sets_.front());
  }
}

double ToyTraining::step(double lr_factor, const Progress& at) {
  problem_.gradient(student_.weights(), steps_);
  const double norm = student_.weights().gradients().norm().item<double>();
  Update update{.at = at, .rates = {.lr_factor = lr_factor}, .sets = sets_};
  for (auto& ingredient : kit_) ingredient->schedule(update.rates, at);
  update_inside(0, update);
  postponed_ = update.postponed;
  if (!postponed_)
    for (auto& ingredient : kit_) ingredient->after_step(student_, at);
  ++steps_;
  return norm;
}

void ToyTraining::skip_to(int step, const Weights& weights) {
  steps_ = step;
  student_.weights().copy_from(weights);
}

void ToyTraining::update_inside(std::size_t from, Update& update) {
  if (from < kit_.size()) {
    const auto again = [&] { problem_.gradient(student_.weights(), steps_); };
    kit_[from]->wrap(update, again, [&] { update_inside(from + 1, update); });
    return;
  }
  for (auto& ingredient : kit_) ingredient->after_backward(update);
  for (auto& ingredient : kit_) ingredient->apply(update);
}

at::Tensor flat_of(const nlohmann::json& tensors) {
  std::vector<double> values;
  for (const auto& tensor : tensors)
    for (const double value : tensor) values.push_back(value);
  return at::tensor(values, at::kDouble);
}

}  // namespace ablate::test
