#include "ingredients/optimizer/buffers.h"

#include <ATen/ops/full_like.h>

namespace ablate::ingredients {

const std::vector<at::Tensor>& SetBuffers::of(const ParameterSet& set) {
  const auto [found, fresh] = by_set_.try_emplace(set.name);
  if (fresh)
    for (const auto& declared : declarations_)
      found->second.push_back(at::full_like(set.values, declared.start).detach());
  return found->second;
}

void SetBuffers::save(Archive& archive) const {
  for (const auto& [set, buffers] : by_set_)
    for (std::size_t i = 0; i < buffers.size(); ++i)
      archive.tensors[declarations_[i].name + "." + set] = buffers[i];
}

void SetBuffers::load(const Archive& archive) {
  by_set_.clear();
  for (const auto& declared : declarations_) {
    const auto prefix = declared.name + ".";
    for (const auto& [name, tensor] : archive.tensors)
      if (name.starts_with(prefix)) by_set_[name.substr(prefix.size())].push_back(tensor.clone());
  }
}

}  // namespace ablate::ingredients
