#include "ingredients/sparsify/mask.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include <ATen/ops/ones_like.h>

namespace ablate::ingredients {
namespace {

/// Calls use(i) for every prunable position, in order.
template <class Use>
void each_position(const std::vector<std::pair<std::int64_t, std::int64_t>>& ranges, const Use& use) {
  for (const auto& [offset, length] : ranges)
    for (std::int64_t i = offset; i < offset + length; ++i) use(i);
}

bool may_be_pruned(const Graph& graph, const StateEntry& entry, bool depthwise, bool head) {
  if (entry.kind == Kind::LinearWeight) return head;
  if (entry.kind != Kind::ConvWeight) return false;
  const auto& unit = graph.nodes[entry.node];
  const bool single = entry.shape.at(1) == 1;  // one input channel a kernel
  return unit.role != Role::Stem && (depthwise || !single);
}

}  // namespace

Mask::Mask(const Graph& graph, const Weights& weights, bool depthwise, bool head)
    : factors_(at::ones_like(weights.trained())) {
  std::map<std::string, bool> wanted;
  for (const auto& entry : graph.state()) wanted[entry.name] = may_be_pruned(graph, entry, depthwise, head);
  for (const auto& segment : weights.segments())
    if (wanted[segment.name]) ranges_.emplace_back(segment.offset, segment.length);
}

std::int64_t Mask::prunable() const {
  std::int64_t sum = 0;
  for (const auto& [offset, length] : ranges_) sum += length;
  return sum;
}

void Mask::renew(const at::Tensor& values, double sparsity) {
  const auto magnitudes = values.abs().contiguous();
  const float* w = magnitudes.const_data_ptr<float>();
  auto* factor = factors_.data_ptr<float>();
  std::vector<std::int64_t> order;
  order.reserve(std::size_t(prunable()));
  each_position(ranges_, [&](std::int64_t i) { order.push_back(i); });
  const auto out = std::llround(sparsity * double(order.size()));
  const auto smaller = [&](std::int64_t a, std::int64_t b) { return w[a] != w[b] ? w[a] < w[b] : a < b; };
  std::nth_element(order.begin(), order.begin() + out, order.end(), smaller);
  for (std::size_t i = 0; i < order.size(); ++i) factor[order[i]] = std::int64_t(i) < out ? 0.0f : 1.0f;
}

double sparsity_at(double share, const Course& course) {
  if (share >= course.ramp) return course.sparsity;
  return course.sparsity * (1 - std::pow(1 - share / course.ramp, 3));
}

void Sparsifier::begin(Setup& setup) {
  mask_.emplace(setup.graph(), setup.weights(), course_.depthwise, course_.head);
}

void Sparsifier::after_step(Student& student, const Progress& at) {
  const auto done = at.global_step() + 1;
  if (!acts() || (done % course_.every != 0 && done != at.total_steps())) return;
  mask_->renew(student.weights().trained(), sparsity_at(double(done) / double(at.total_steps()), course_));
  count();
}

void Sparsifier::save(Archive& archive) const {
  Counting::save(archive);
  archive.tensors["factors"] = mask_->factors();
}

void Sparsifier::load(const Archive& archive) {
  Counting::load(archive);
  mask_->factors().copy_(archive.tensors.at("factors"));
}

std::vector<std::string> mask_refusals(const nlohmann::json&, const RecipeView& recipe) {
  if (!recipe.has("reparam")) return {};
  return {
      "branches fold into kernels without zeros, so that what is evaluated would not be sparse; turn reparam "
      "off"};
}

}  // namespace ablate::ingredients
