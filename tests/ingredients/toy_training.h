#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/ingredients/support.h"

namespace ablate::test {

/// optimizers.json of the fixtures.
const nlohmann::json& toy_fixture();

/// What a toy training has on: names with their settings, wrappers from the outermost.
using ToyKit = std::vector<std::pair<std::string, nlohmann::json>>;

/// Trains the optimizers' toy problem with real ingredients, hooks called in the trainer's order.
class ToyTraining {
 public:
  ToyTraining(const nlohmann::json& fixture, const ToyKit& kit);

  /// One step at that rate (times the base rate of the optimizer). Returns the norm of its first gradient.
  double step(double lr_factor, const Progress& at = {});

  /// Goes on at a step with those weights.
  void skip_to(int step, const Weights& weights);

  Student& student() { return student_; }
  Weights& weights() { return student_.weights(); }
  Ingredient& at(std::size_t i) { return *kit_[i]; }
  ParameterSet& set() { return sets_.front(); }
  bool postponed() const { return postponed_; }
  /// 0.5 sum of a (w - c)^2
  double loss() { return problem_.loss(student_.weights()); }

 private:
  void update_inside(std::size_t from, Update& update);

  ToyProblem problem_;
  FakeStudent student_;
  std::vector<ParameterSet> sets_;
  std::vector<std::unique_ptr<Ingredient>> kit_;
  int steps_ = 0;
  bool postponed_ = false;
};

/// The values of a fixture's list, flat in the layout of the toy problem's tensors.
at::Tensor flat_of(const nlohmann::json& tensors);

}  // namespace ablate::test
