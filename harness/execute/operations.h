#pragma once

#include <ATen/core/Tensor.h>

#include "harness/execute/executor.h"
#include "harness/graph/graph.h"

namespace ablate {

inline constexpr double kNormEpsilon = 1e-5;
inline constexpr double kNormMomentum = 0.1;  // weight of the new value

/// The tensors of one BatchNorm, each [C].
struct NormTensors {
  const at::Tensor &weight, &bias, &mean, &variance;
};

/// `bias` may be undefined.
at::Tensor convolve(const at::Tensor& x, const Link& link, const at::Tensor& weight, const at::Tensor& bias);
at::Tensor normalise(const at::Tensor& x, const NormTensors& norm, const Pass& pass);
at::Tensor average(const at::Tensor& x, const Link& link);
/// What a BatchNorm makes of zero, by its running statistics: [C].
at::Tensor shift_of(const NormTensors& norm);
/// Pads [N, C, H, W] with `border` [C] all around.
at::Tensor pad_with(const at::Tensor& x, const Link& link, const at::Tensor& border);
/// In place where it may be and the gradient allows it.
at::Tensor activate(const at::Tensor& x, Activation activation, bool overwrite);
/// Nearest neighbour: source index floor(i * in / out), in integers.
at::Tensor upsample(const at::Tensor& x, std::int64_t height, std::int64_t width);
/// Zeroes single elements (Dropout) or whole samples (DropPath) with the node's rate and scales the rest up.
at::Tensor drop(const at::Tensor& x, const Node& node, const Pass& pass);

}  // namespace ablate
