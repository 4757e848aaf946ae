#include "ingredients/distill/features.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/linalg_vector_norm.h>

#include "harness/core/canonical.h"

namespace ablate::ingredients {
namespace {

std::vector<std::string> map_refusals(const nlohmann::json& settings, const RecipeView&) {
  const auto &ours = settings.at("maps"), &theirs = settings.at("teacher_maps");
  if (theirs.empty() || theirs.size() == ours.size()) return {};
  return {"teacher_maps holds another number of maps than maps; give one for each, or none"};
}

std::vector<std::string> absent_maps(const nlohmann::json& settings, const Graph& graph) {
  std::vector<std::string> reasons;
  for (const auto& name : settings.at("maps")) {
    try {
      graph.tap_at(name);
    } catch (const Error& error) {
      reasons.push_back(error.what());
    }
  }
  return reasons;
}

at::Tensor shrunk(const at::Tensor& map, std::int64_t height, std::int64_t width) {
  if (map.size(2) == height && map.size(3) == width) return map;
  return at::adaptive_avg_pool2d(map, {height, width});
}

}  // namespace

TappedDistillation::TappedDistillation(const FeatureParams& p)
    : Distillation(p), p_(p), key_(canonical(p.teacher.id)) {}

void TappedDistillation::prepare(Setup& setup) {
  pairs_ = pair_maps(setup.graph(), setup.teacher(p_.teacher).graph(), p_.maps, p_.teacher_maps);
  std::vector<std::string> taps;
  for (const auto& pair : pairs_) {
    setup.want_tap(pair.student);
    taps.push_back(pair.teacher);
  }
  setup.want_teacher(p_.teacher, taps);
  declare(pairs_, modules_);
  modules_.make(setup);
}

Maps TappedDistillation::student_maps(const Step& step) const {
  Maps maps;
  for (const auto& pair : pairs_) maps.push_back(step.student.taps.at(pair.student));
  return maps;
}

Maps TappedDistillation::teacher_maps(const Step& step) const {
  Maps maps;
  for (const auto& pair : pairs_) maps.push_back(step.teachers.at(key_).taps.at(pair.teacher));
  return maps;
}

at::Tensor FeatureDistillation::value(const Step& step) {
  const auto theirs = teacher_maps(step), ours = adapted(student_maps(step), theirs);
  auto sum = loss(ours[0], theirs[0]);
  for (std::size_t i = 1; i < ours.size(); ++i) sum = sum + loss(ours[i], theirs[i]);
  return sum;
}

std::pair<at::Tensor, at::Tensor> of_one_size(const at::Tensor& a, const at::Tensor& b) {
  if (a.dim() < 4) return {a, b};
  const auto height = std::min(a.size(2), b.size(2)), width = std::min(a.size(3), b.size(3));
  return {shrunk(a, height, width), shrunk(b, height, width)};
}

at::Tensor pooled(const at::Tensor& map) {
  return map.dim() < 4 ? map : map.mean({2, 3});
}

at::Tensor unit_rows(const at::Tensor& rows) {
  return rows / at::linalg_vector_norm(rows, 2, {-1}, true).clamp_min(1e-12);
}

IngredientHeader feature_header(IngredientHeader header) {
  add_interaction(header,
                  "A teacher whose maps are compared runs at every step: its outputs are not cached.");
  header.misfits = absent_maps;
  header.refuses = together({map_refusals, std::move(header.refuses)});
  return taught_header(std::move(header));
}

}  // namespace ablate::ingredients
