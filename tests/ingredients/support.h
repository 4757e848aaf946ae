#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ingredients/ingredient.h"

namespace ablate::test {

/// The entry of "family.name"; fails loudly when there is none.
const IngredientEntry& entry_of(const std::string& name);
/// `given` with every default filled in, as a recipe would have it; problems fail the test.
nlohmann::json settings_of(const IngredientEntry& entry, const nlohmann::json& given);
/// An ingredient, made as the trainer makes it.
std::unique_ptr<Ingredient> make(const std::string& name,
                                 const nlohmann::json& given = nlohmann::json::object());

/// Why it makes no sense in this recipe.
std::vector<std::string> refusals(const std::string& name, const nlohmann::json& given,
                                  const nlohmann::json& recipe = nlohmann::json::object(),
                                  std::int64_t epochs = 30);

/// The network of a backbone for images [3, 32, 32] of ten classes.
Graph network_of(const std::string& backbone, const nlohmann::json& settings = nlohmann::json::object());

/// A stand-in for the trainer before training: tensors of the given names and shapes, in double.
class FakeSetup final : public Setup {
 public:
  FakeSetup(std::string name, Weights weights, Graph graph = {})
      : graph_(std::move(graph)), name_(std::move(name)), weights_(std::move(weights)) {}

  const Graph& graph() const override { return graph_; }
  int classes() const override { return 10; }
  const Progress& length() const override { return length_; }
  int batch() const override { return 8; }
  const std::string& name() const override { return name_; }
  Stream stream(const std::string& purpose) const override { return {1, purpose}; }
  const Weights& weights() const override { return weights_; }
  const DataOptions& data() const override { return data_; }
  const std::vector<int>& labels() const override { return labels_; }
  void want_tap(const std::string&) override {}
  void want_views(int) override {}
  void want_alike_crops() override {}
  void keep_views(int, int) override {}
  void want_teacher(const TeacherRef&, const std::vector<std::string>&) override {}
  Model& teacher(const TeacherRef&) override;
  Weights& train_along(const std::vector<StateEntry>&) override;

 private:
  Graph graph_;
  Progress length_{.epochs = 10, .steps_per_epoch = 10};
  std::string name_;
  Weights weights_;
  DataOptions data_;
  std::vector<int> labels_;
};

/// A stand-in for the network being trained: weights and nothing else.
class FakeStudent final : public Student {
 public:
  explicit FakeStudent(Weights weights) : weights_(std::move(weights)) {}

  Weights& weights() override { return weights_; }
  const Graph& graph() const override { return graph_; }
  Output forward(const at::Tensor&, const Pass&) override;
  Output forward_with(const Weights&, const at::Tensor&, const Pass&) override;

 private:
  Graph graph_;
  Weights weights_;
};

/// Starts an ingredient that only needs its name and its draws.
void begin(Ingredient& ingredient, const std::string& name);

/// Values in double.
at::Tensor tensor_of(const std::vector<double>& values, at::IntArrayRef shape);
std::vector<double> values_of(const at::Tensor& tensor);

/// The optimizers' toy problem (README of the fixtures): gradient a (w - c) + noise_t.
class ToyProblem {
 public:
  explicit ToyProblem(const nlohmann::json& fixture);

  Weights start() const;
  /// Writes the gradient of step t at the current values, in the layout of weights.trained().
  void gradient(Weights& weights, int t) const;
  /// 0.5 sum of a (w - c)^2
  double loss(const Weights& weights) const;

 private:
  at::Tensor fill(std::size_t j, std::uint64_t stream, double factor, double offset,
                  bool one_sided = false) const;

  std::uint64_t base_ = 0;
  std::vector<StateEntry> entries_;
};

/// Expects the first element and the norm of every tensor.
void expect_trace(const Weights& weights, const nlohmann::json& trace, const std::string& where);
/// Expects all elements of every tensor.
void expect_final(const Weights& weights, const nlohmann::json& final, const std::string& where);

}  // namespace ablate::test
