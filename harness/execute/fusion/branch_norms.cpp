#include "harness/execute/fusion/branch_norms.h"

#include <algorithm>
#include <cmath>

#include "harness/core/problems.h"
#include "harness/execute/operations.h"

namespace ablate::fusion {

void BranchNorms::take_running(const Work& work) {
  for (const auto norm : first)
    for (int c = 0; c < channels; ++c) add(work.weight(norm + 2)[c], work.weight(norm + 3)[c]);
}

void BranchNorms::add(double channel_mean, double variance) {
  mean.push_back(channel_mean);
  inverse.push_back(1 / std::sqrt(std::max(variance, 0.0) + kNormEpsilon));
}

void BranchNorms::follow(Work& work, std::int64_t pixels) const {
  const auto unbiased = static_cast<double>(pixels) / static_cast<double>(pixels - 1);
  for (std::size_t b = 0; b < first.size(); ++b)
    for (int c = 0; c < channels; ++c) {
      const double variance = 1 / (inverse[at(b, c)] * inverse[at(b, c)]) - kNormEpsilon;
      float& running_mean = work.tensors()[first[b] + 2].mutable_data_ptr<float>()[c];
      float& running = work.tensors()[first[b] + 3].mutable_data_ptr<float>()[c];
      running_mean = static_cast<float>((1 - kNormMomentum) * running_mean + kNormMomentum * mean[at(b, c)]);
      running = static_cast<float>((1 - kNormMomentum) * running + kNormMomentum * variance * unbiased);
    }
}

void expect_batch(std::int64_t pixels) {
  if (pixels == 1)
    throw Error("BatchNorm needs more than one value per channel in training: a larger batch or map");
}

}  // namespace ablate::fusion
