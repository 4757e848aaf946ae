#include "harness/execute/weights.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace ablate {
namespace {

/// channels_last for convolutions in float32, where it is the faster layout; row-major for all else.
std::vector<std::int64_t> weight_strides(const StateEntry& entry, at::ScalarType type) {
  const auto& shape = entry.shape;
  if (entry.kind == Kind::ConvWeight && type != at::kDouble)
    return {shape[1] * shape[2] * shape[3], 1, shape[3] * shape[1], shape[1]};
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

/// The entries as they lie in memory: in order of execution, which stays when branches change the order of
/// registration, so that sums over the whole buffer keep their bits.
std::vector<std::size_t> memory_order(const std::vector<StateEntry>& entries) {
  std::vector<std::size_t> order(entries.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return entries[a].node < entries[b].node; });
  return order;
}

/// The same view of another buffer.
at::Tensor view_of(const at::Tensor& buffer, const at::Tensor& like) {
  return buffer.as_strided(like.sizes(), like.strides(), like.storage_offset());
}

}  // namespace

Weights::Weights(const Graph& graph, at::ScalarType type) {
  build(graph.state(), type);
}

Weights::Weights(const std::vector<StateEntry>& entries, at::ScalarType type) {
  build(entries, type);
}

void Weights::build(const std::vector<StateEntry>& entries, at::ScalarType type) {
  std::int64_t trained = 0, statistics = 0;
  for (const auto& entry : entries) (entry.trained() ? trained : statistics) += entry.elements();
  trained_ = at::zeros({trained}, at::TensorOptions(type));
  statistics_ = at::zeros({statistics}, at::TensorOptions(type));
  entries_.resize(entries.size());
  trained = statistics = 0;
  for (const std::size_t i : memory_order(entries)) {
    const auto& entry = entries[i];
    auto& offset = entry.trained() ? trained : statistics;
    const auto& buffer = entry.trained() ? trained_ : statistics_;
    entries_[i] = {entry.name, entry.kind,
                   buffer.as_strided(entry.shape, weight_strides(entry, type), offset)};
    if (entry.trained()) segments_.push_back({entry.name, entry.kind, offset, entry.elements(), entry.shape});
    offset += entry.elements();
    if (!index_.emplace(entry.name, i).second)
      throw Error("two tensors of the network have the name '" + entry.name + "'");
  }
}

std::vector<at::Tensor> Weights::tensors() const {
  std::vector<at::Tensor> all;
  all.reserve(entries_.size());
  for (const auto& entry : entries_) all.push_back(entry.tensor);
  return all;
}

const at::Tensor& Weights::at(const std::string& name) const {
  if (const auto found = index_.find(name); found != index_.end()) return entries_[found->second].tensor;
  std::vector<std::string> names;
  for (const auto& entry : entries_) names.push_back(entry.name);
  throw Error("there is no tensor '" + name + "'" + suggestion(name, names));
}

at::Tensor& Weights::gradients() {
  if (!gradients_) {
    gradients_ = std::make_shared<GradientBuffer>(trained_);
    for (auto& entry : entries_)
      if (entry.trained()) entry.tensor.mutable_grad() = view_of(gradients_->values(), entry.tensor);
  }
  return gradients_->values();
}

void Weights::clear_gradients() {
  gradients();
  gradients_->clear();
}

void Weights::require_gradients() {
  gradients();
  for (auto& entry : entries_)
    if (entry.trained()) entry.tensor.requires_grad_(true);
}

Weights Weights::clone() const {
  const at::NoGradGuard no_grad;
  Weights copy = *this;
  copy.gradients_.reset();
  copy.trained_ = trained_.clone();
  copy.statistics_ = statistics_.clone();
  for (auto& entry : copy.entries_)
    entry.tensor = view_of(entry.trained() ? copy.trained_ : copy.statistics_, entry.tensor);
  return copy;
}

void Weights::copy_from(const Weights& other) {
  const at::NoGradGuard no_grad;
  trained_.copy_(other.trained_);
  statistics_.copy_(other.statistics_);
}

}  // namespace ablate
