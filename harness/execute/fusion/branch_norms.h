#pragma once

#include <cstddef>
#include <vector>

#include "harness/execute/fusion/steps.h"
#include "harness/execute/fusion/work.h"

namespace ablate::fusion {

/// The BatchNorms of a unit's branches, known before anything is convolved: mean and 1 / deviation of what
/// each branch would give, [branches, channels].
class BranchNorms {
 public:
  /// Those of a pass, which the weights outlive.
  BranchNorms(const Work& work, const std::vector<FoldedBranch>& branches, int channels);

  /// The running statistics.
  void take_running(const Work& work);
  /// Adds the next channel, in order.
  void add(double channel_mean, double variance);
  /// Running statistics follow the batch's, with the unbiased variance.
  void follow(Work& work, std::int64_t pixels) const;

  double mean(std::size_t branch, int channel) const { return mean_[at(branch, channel)]; }
  /// 1 / deviation.
  double inverse(std::size_t branch, int channel) const { return inverse_[at(branch, channel)]; }
  /// What a branch's output is multiplied by: weight / deviation.
  double factor(std::size_t branch, int channel) const {
    return norms_[branch].weight[channel] * inverse(branch, channel);
  }
  /// What is added to it besides.
  double shift(std::size_t branch, int channel) const {
    return norms_[branch].bias[channel] - factor(branch, channel) * mean(branch, channel);
  }

 private:
  struct Norm {
    std::size_t first;           // of its tensors: weight, bias, running mean, running variance
    const float *weight, *bias;  // [channels]
  };

  std::size_t at(std::size_t branch, int channel) const { return branch * channels_ + channel; }

  std::vector<Norm> norms_;
  int channels_;
  std::vector<double> mean_, inverse_;
};

/// Throws Error when a batch has one value a channel.
void expect_batch(std::int64_t pixels);

}  // namespace ablate::fusion
