#include "tests/ingredients/support.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include <ATen/ATen.h>

#include "backbones/catalogue.h"
#include "tests/graph/fixture.h"

namespace ablate::test {

const IngredientEntry& entry_of(const std::string& name) {
  const auto dot = name.find('.');
  const auto* entry = find_ingredient(name.substr(0, dot), name.substr(dot + 1));
  if (!entry) throw std::logic_error("no ingredient is called " + name);
  return *entry;
}

nlohmann::json settings_of(const IngredientEntry& entry, const nlohmann::json& given) {
  Problems problems;
  auto settings = resolve(entry.params, to_tree(given, {}), entry.name, problems);
  EXPECT_TRUE(problems.ok()) << problems.text();
  return settings;
}

std::unique_ptr<Ingredient> make(const std::string& name, const nlohmann::json& given) {
  const auto& entry = entry_of(name);
  return entry.make(settings_of(entry, given));
}

std::vector<std::string> refusals(const std::string& name, const nlohmann::json& given,
                                  const nlohmann::json& recipe, std::int64_t epochs) {
  const auto& entry = entry_of(name);
  return entry.refuses(settings_of(entry, given), {recipe, epochs});
}

Graph network_of(const std::string& backbone, const nlohmann::json& settings) {
  return find_backbone(backbone)->build(settings, {3, 32, 32, 10});
}

Model& FakeSetup::teacher(const TeacherRef&) {
  throw std::logic_error("there is no teacher here");
}
Weights& FakeSetup::train_along(const std::vector<StateEntry>&) {
  throw std::logic_error("nothing is trained along here");
}
Output FakeStudent::forward(const at::Tensor&, const Pass&) {
  throw std::logic_error("this student cannot be asked");
}
Output FakeStudent::forward_with(const Weights&, const at::Tensor&, const Pass&) {
  throw std::logic_error("this student cannot be asked");
}

void begin(Ingredient& ingredient, const std::string& name) {
  FakeSetup setup(name, Weights{});
  ingredient.begin(setup);
}

at::Tensor tensor_of(const std::vector<double>& values, at::IntArrayRef shape) {
  return at::tensor(values, at::kDouble).view(shape);
}

std::vector<double> values_of(const at::Tensor& tensor) {
  const auto flat = tensor.contiguous().to(at::kDouble);
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

ToyProblem::ToyProblem(const nlohmann::json& fixture) : base_(fixture.at("problem").at("stream_base")) {
  const auto& problem = fixture.at("problem");
  for (std::size_t j = 0; j < problem.at("names").size(); ++j) {
    StateEntry entry;
    entry.name = problem["names"][j];
    entry.shape = problem["shapes"][j].get<std::vector<std::int64_t>>();
    const bool weight = entry.name.ends_with("weight");
    if (entry.shape.size() == 4) entry.kind = Kind::ConvWeight;
    if (entry.shape.size() == 2) entry.kind = Kind::LinearWeight;
    if (entry.shape.size() == 1) entry.kind = weight ? Kind::NormWeight : Kind::NormBias;
    entries_.push_back(entry);
  }
}

at::Tensor ToyProblem::fill(std::size_t j, std::uint64_t stream, double factor, double offset,
                            bool one_sided) const {
  const auto n = static_cast<std::size_t>(entries_[j].elements());
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double drawn = one_sided ? unit_fill(base_ + stream + j, i) : signed_fill(base_ + stream + j, i);
    const double product = factor * drawn;
    values[i] = static_cast<float>(offset + product);
  }
  return tensor_of(values, entries_[j].shape);
}

Weights ToyProblem::start() const {
  Weights weights(entries_, at::kDouble);
  for (std::size_t j = 0; j < entries_.size(); ++j) weights.at(entries_[j].name).copy_(fill(j, 0, 0.5, 0));
  return weights;
}

void ToyProblem::gradient(Weights& weights, int t) const {
  Weights gradients(entries_, at::kDouble);  // the same layout
  for (std::size_t j = 0; j < entries_.size(); ++j) {
    const auto curvature = fill(j, 16, 1, 0.5, true), centre = fill(j, 32, 1, 0);
    const auto noise = fill(j, 64 + 8 * std::uint64_t(t), 0.1, 0);
    gradients.at(entries_[j].name).copy_(curvature * (weights.at(entries_[j].name) - centre) + noise);
  }
  weights.gradients().copy_(gradients.trained());
}

double ToyProblem::loss(const Weights& weights) const {
  double sum = 0;
  for (std::size_t j = 0; j < entries_.size(); ++j) {
    const auto curvature = fill(j, 16, 1, 0.5, true), centre = fill(j, 32, 1, 0);
    sum += 0.5 * (curvature * (weights.at(entries_[j].name) - centre).square()).sum().item<double>();
  }
  return sum;
}

void expect_trace(const Weights& weights, const nlohmann::json& trace, const std::string& where) {
  for (std::size_t j = 0; j < weights.entries().size(); ++j) {
    const auto& tensor = weights.entries()[j].tensor;
    const double first = trace.at("first")[j], norm = trace.at("l2")[j];
    EXPECT_NEAR(values_of(tensor)[0], first, 1e-9 * std::max(1.0, std::abs(first)))
        << where << ", tensor " << j;
    EXPECT_NEAR(tensor.norm().item<double>(), norm, 1e-9 * norm) << where << ", tensor " << j;
  }
}

void expect_final(const Weights& weights, const nlohmann::json& final, const std::string& where) {
  for (std::size_t j = 0; j < weights.entries().size(); ++j) {
    const auto values = values_of(weights.entries()[j].tensor);
    ASSERT_EQ(values.size(), final[j].size()) << where;
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(values[i], final[j][i].get<double>(), 1e-9)
          << where << ", tensor " << j << ", element " << i;
  }
}

}  // namespace ablate::test
