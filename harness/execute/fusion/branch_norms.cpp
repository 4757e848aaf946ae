#include "harness/execute/fusion/branch_norms.h"

#include <algorithm>
#include <cmath>

#include "harness/core/problems.h"
#include "harness/execute/operations.h"

namespace ablate::fusion {

BranchNorms::BranchNorms(const Work& work, const std::vector<FoldedBranch>& branches, int channels)
    : channels_(channels) {
  for (const auto& branch : branches)
    norms_.push_back({branch.norm, work.weight(branch.norm), work.weight(branch.norm + 1)});
}

void BranchNorms::take_running(const Work& work) {
  for (const auto& norm : norms_) {
    const float *means = work.weight(norm.first + 2), *variances = work.weight(norm.first + 3);
    for (int c = 0; c < channels_; ++c) add(means[c], variances[c]);
  }
}

void BranchNorms::add(double channel_mean, double variance) {
  mean_.push_back(channel_mean);
  inverse_.push_back(1 / std::sqrt(std::max(variance, 0.0) + kNormEpsilon));
}

void BranchNorms::follow(Work& work, std::int64_t pixels) const {
  const auto unbiased = static_cast<double>(pixels) / static_cast<double>(pixels - 1);
  for (std::size_t b = 0; b < norms_.size(); ++b) {
    auto* means = work.tensors()[norms_[b].first + 2].mutable_data_ptr<float>();
    auto* variances = work.tensors()[norms_[b].first + 3].mutable_data_ptr<float>();
    for (int c = 0; c < channels_; ++c) {
      const double variance = 1 / (inverse(b, c) * inverse(b, c)) - kNormEpsilon;
      means[c] = static_cast<float>((1 - kNormMomentum) * means[c] + kNormMomentum * mean(b, c));
      variances[c] =
          static_cast<float>((1 - kNormMomentum) * variances[c] + kNormMomentum * variance * unbiased);
    }
  }
}

void expect_batch(std::int64_t pixels) {
  if (pixels == 1)
    throw Error("BatchNorm needs more than one value per channel in training: a larger batch or map");
}

}  // namespace ablate::fusion
