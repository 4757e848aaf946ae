#include "ingredients/distill/memory_bank.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>

namespace ablate::ingredients {

Negatives::Negatives(std::vector<std::uint32_t> ids, const std::vector<int>& labels)
    : ids_(std::move(ids)), labels_(labels) {
  std::sort(ids_.begin(), ids_.end());
  ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
  std::stable_sort(ids_.begin(), ids_.end(), [&](auto a, auto b) { return labels[a] < labels[b]; });
  for (std::uint32_t i = 0; i < ids_.size(); ++i) {
    const auto label = std::size_t(labels[ids_[i]]);
    if (of_class_.size() <= label) of_class_.resize(label + 1);
    auto& range = of_class_[label];
    if (range.end == 0) range.begin = i;
    range.end = i + 1;
  }
}

at::Tensor Negatives::pick(const std::vector<std::uint32_t>& anchors, int count, Draw draw) const {
  const auto index =
      at::empty({std::int64_t(anchors.size()), 1 + std::int64_t(count)}, at::TensorOptions(at::kLong));
  auto* value = index.mutable_data_ptr<std::int64_t>();
  for (const auto anchor : anchors) {
    auto own = of_class_[std::size_t(labels_[anchor])];
    if (own.end - own.begin == ids_.size()) own = {};
    const auto others = std::uint32_t(ids_.size()) - (own.end - own.begin);
    *value++ = anchor;
    for (int i = 0; i < count; ++i) {
      const auto place = draw.below(others);
      *value++ = ids_[place < own.begin ? place : place + (own.end - own.begin)];
    }
  }
  return index;
}

MemoryBank::MemoryBank(std::int64_t images, int dimensions, const Stream& stream)
    : vectors_(at::empty({images, dimensions}, at::TensorOptions(at::kFloat))) {
  const double bound = 1 / std::sqrt(dimensions / 3.0);
  auto* value = vectors_.mutable_data_ptr<float>();
  for (std::int64_t image = 0; image < images; ++image) {
    auto draw = stream.at(0, std::uint64_t(image));
    for (int i = 0; i < dimensions; ++i) *value++ = float(draw.uniform(-bound, bound));
  }
}

at::Tensor MemoryBank::scores(const at::Tensor& embeddings, const at::Tensor& index, double temperature,
                              std::int64_t images) {
  // all products at once: a gather of vectors would be [N, M, dimensions]
  const auto products = embeddings.mm(vectors_.t()).gather(1, index);
  const auto scores = (products / temperature).exp();
  if (normaliser_ == 0) normaliser_ = scores.mean().item<double>() * double(images);
  return scores / normaliser_;
}

void MemoryBank::follow(const at::Tensor& index, const at::Tensor& embeddings, double momentum) {
  const at::NoGradGuard no_gradients;
  const auto moved = vectors_.index_select(0, index) * momentum + embeddings * (1 - momentum);
  vectors_.index_copy_(0, index, moved / at::linalg_vector_norm(moved, 2, {1}, true));
}

void MemoryBank::save(Archive& archive, const std::string& name) const {
  archive.tensors[name] = vectors_;
  archive.values[name] = normaliser_;
}

void MemoryBank::load(const Archive& archive, const std::string& name) {
  vectors_.copy_(archive.tensors.at(name));
  normaliser_ = archive.values.at(name);
}

}  // namespace ablate::ingredients
