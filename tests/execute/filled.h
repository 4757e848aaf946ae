#pragma once

#include <ATen/core/Tensor.h>

#include "harness/execute/weights.h"
#include "tests/graph/fixture.h"

namespace ablate::test {

/// The network's state as the fixtures fill it.
Weights filled_weights(const Graph& graph, double conv_gain, at::ScalarType type);
/// The fixtures' images [count, 3, size, size].
at::Tensor filled_images(int count, int size, at::ScalarType type);
/// Largest absolute difference, in double.
double distance(const at::Tensor& a, const at::Tensor& b);

}  // namespace ablate::test
