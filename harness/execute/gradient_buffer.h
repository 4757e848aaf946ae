#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace ablate {

/// Where the gradients of a flat buffer's tensors are gathered. Autograd adds to them; who computes all of
/// them at once may write into the buffer himself instead, while it is still cleared.
class GradientBuffer {
 public:
  /// Zeros in the layout of `trained`, all its elements.
  explicit GradientBuffer(const at::Tensor& trained);

  at::Tensor& values() { return values_; }
  /// Sets them to zero, and knows it until something is added or take() has given them away.
  void clear();
  /// The values, to be written once, when they are known to be zero and are where autograd would add the
  /// gradient of each of the tensors that want one: a leaf with its .grad here, at its own offset. Undefined
  /// otherwise.
  at::Tensor take(const std::vector<at::Tensor>& tensors);

 private:
  bool gathers(const at::Tensor& tensor) const;

  at::Tensor values_;
  std::optional<std::uint32_t> cleared_;  // the values' version then; what adds to .grad makes another
};

}  // namespace ablate
