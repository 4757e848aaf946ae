#include "ingredients/sparsify/mask.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include <ATen/ops/ones_like.h>

#include "ingredients/segments.h"

namespace ablate::ingredients {
namespace {

bool may_be_pruned(const Segment& segment, Role role, bool depthwise, bool head) {
  if (segment.kind == Kind::LinearWeight) return head;
  return segment.kind == Kind::ConvWeight && role != Role::Stem && (depthwise || !is_depthwise(segment));
}

}  // namespace

std::vector<Segment> prunable_segments(const Graph& graph, const Weights& weights, bool depthwise,
                                       bool head) {
  std::map<std::string, Role> roles;
  for (const auto& entry : graph.state()) roles[entry.name] = graph.nodes[entry.node].role;
  std::vector<Segment> prunable;
  for (const auto& segment : weights.segments())
    if (may_be_pruned(segment, roles.at(segment.name), depthwise, head)) prunable.push_back(segment);
  return prunable;
}

Mask::Mask(const Graph& graph, const Weights& weights, bool depthwise, bool head)
    : factors_(at::ones_like(weights.trained())) {
  for (const auto& segment : prunable_segments(graph, weights, depthwise, head))
    for (std::int64_t i = 0; i < segment.length; ++i) prunable_.push_back(segment.offset + i);
}

void Mask::renew(const at::Tensor& values, double sparsity) {
  const auto magnitudes = values.abs();
  const float* w = magnitudes.const_data_ptr<float>();
  auto* factor = factors_.data_ptr<float>();
  const auto out = std::llround(sparsity * double(prunable()));
  const auto smaller = [w](std::int64_t a, std::int64_t b) { return w[a] != w[b] ? w[a] < w[b] : a < b; };
  std::nth_element(prunable_.begin(), prunable_.begin() + out, prunable_.end(), smaller);
  for (std::int64_t i = 0; i < prunable(); ++i) factor[prunable_[i]] = i < out ? 0.0f : 1.0f;
}

double sparsity_at(double share, const Course& course) {
  if (share >= course.ramp) return course.sparsity;
  return course.sparsity * (1 - std::pow(1 - share / course.ramp, 3));
}

void Sparsifier::begin(Setup& setup) {
  mask_.emplace(setup.graph(), setup.weights(), course_.depthwise, course_.head);
}

void Sparsifier::after_step(Student& student, const Progress& at) {
  ++updates_;
  const auto done = at.global_step() + 1;
  if (!acts() || (updates_ % course_.every != 0 && done != at.total_steps())) return;
  mask_->renew(student.weights().trained(), sparsity_at(double(done) / double(at.total_steps()), course_));
  count();
}

void Sparsifier::save(Archive& archive) const {
  Counting::save(archive);
  archive.tensors["factors"] = mask_->factors();
  archive.values["updates"] = updates_;
}

void Sparsifier::load(const Archive& archive) {
  Counting::load(archive);
  mask_->factors().copy_(archive.tensors.at("factors"));
  updates_ = archive.values.at("updates");
}

std::vector<std::string> mask_refusals(const nlohmann::json&, const RecipeView& recipe) {
  if (!recipe.has("reparam")) return {};
  return {
      "branches fold into kernels without zeros, so that what is evaluated would not be sparse; turn reparam "
      "off"};
}

}  // namespace ablate::ingredients
