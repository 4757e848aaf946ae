#include "harness/execute/gradient_buffer.h"

#include <ATen/ops/zeros_like.h>

#include <algorithm>

namespace ablate {

GradientBuffer::GradientBuffer(const at::Tensor& trained) : values_(at::zeros_like(trained)) {}

void GradientBuffer::clear() {
  values_.zero_();
  cleared_ = values_._version();
}

at::Tensor GradientBuffer::take(const std::vector<at::Tensor>& tensors) {
  const bool zero = cleared_ && *cleared_ == values_._version();
  if (!zero) return {};
  const bool complete = std::all_of(tensors.begin(), tensors.end(), [&](const at::Tensor& tensor) {
    return !tensor.requires_grad() || gathers(tensor);
  });
  if (!complete) return {};
  cleared_.reset();
  return values_;
}

bool GradientBuffer::gathers(const at::Tensor& tensor) const {
  if (!tensor.is_leaf()) return false;
  const auto& gradient = tensor.grad();
  return gradient.defined() && gradient.is_alias_of(values_) && gradient.strides() == tensor.strides() &&
         gradient.storage_offset() == tensor.storage_offset();
}

}  // namespace ablate
