#include "tests/execute/filled.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include <gtest/gtest.h>

#include <vector>

namespace ablate::test {
namespace {

/// Tests run side by side, each on one core.
class OneThread final : public testing::Environment {
  void SetUp() override { at::set_num_threads(1); }
};
const auto* const kOneThread = testing::AddGlobalTestEnvironment(new OneThread);

}  // namespace

Weights filled_weights(const Graph& graph, double conv_gain, at::ScalarType type) {
  Weights weights(graph, type);
  const auto state = graph.state();
  for (std::size_t k = 0; k < state.size(); ++k) {
    const auto values = state_fill(state[k], k, conv_gain);
    weights.entries()[k].tensor.copy_(
        at::tensor(values, at::TensorOptions(at::kDouble)).view(state[k].shape));
  }
  return weights;
}

at::Tensor filled_images(int count, int size, at::ScalarType type) {
  return at::tensor(image_fill(count, size), at::TensorOptions(at::kDouble))
      .view({count, 3, size, size})
      .to(type);
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

}  // namespace ablate::test
