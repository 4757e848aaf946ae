#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "ingredients/ingredient.h"
#include "ingredients/recipe.h"

namespace ablate::training {

/// What a network expects of 0..1 pixel values.
class Normalisation {
 public:
  Normalisation(const std::vector<double>& mean, const std::vector<double>& deviation);
  /// (images - mean) / deviation, per channel.
  at::Tensor of(const at::Tensor& images) const;

 private:
  at::Tensor in_one_pass(const at::Tensor& images) const;

  at::Tensor mean_, deviation_;  // [1, 3, 1, 1]
};

/// The executor that `train` of a recipe names. Throws Error for an unknown one.
std::unique_ptr<Executor> make_executor(const TrainSettings& settings, const Graph& graph);

/// A graph with weights and the means to run it.
class Network final : public Student {
 public:
  Network(Graph graph, Weights weights, const TrainSettings& settings, Normalisation normalisation);

  Output forward(const at::Tensor& images, const Pass& pass) override;
  const Graph& graph() const override { return graph_; }
  Weights& weights() override { return weights_; }
  Output forward_with(const Weights& weights, const at::Tensor& images, const Pass& pass) override;
  /// As the executor has it.
  double library_seconds() const { return executor_->library_seconds(); }

 private:
  Graph graph_;
  Weights weights_;
  std::unique_ptr<Executor> executor_;
  Normalisation normalisation_;
};

}  // namespace ablate::training
