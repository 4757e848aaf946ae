#include "ingredients/batch_statistics.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include "harness/execute/operations.h"

namespace ablate::ingredients {

BatchStatistics::BatchStatistics(const Weights& weights, std::uint64_t seed, std::uint32_t epoch)
    : weights_(weights), sum_(at::zeros_like(weights.statistics())) {
  pass_.training = true;
  pass_.seed = seed;
  pass_.epoch = epoch;
}

void BatchStatistics::add(Student& network, const at::Tensor& images) {
  const at::NoGradGuard no_gradients;
  weights_.statistics().zero_();
  network.forward_with(weights_, images, pass_);
  sum_.add_(weights_.statistics());
  ++pass_.step;
}

void BatchStatistics::finish() {
  if (pass_.step > 0) weights_.statistics().copy_(sum_.div_(kNormMomentum * double(pass_.step)));
}

}  // namespace ablate::ingredients
