#pragma once

#include <cstddef>
#include <vector>

#include "harness/execute/fusion/work.h"

namespace ablate::fusion {

/// The BatchNorms of a unit's branches, known before anything is convolved: mean and 1 / deviation of what
/// each branch would give, [branches, channels].
struct BranchNorms {
  std::vector<std::size_t> first;  // of each: its first tensor
  int channels = 0;
  std::vector<double> mean, inverse;

  /// The running statistics.
  void take_running(const Work& work);
  /// Adds the next channel, in order.
  void add(double channel_mean, double variance);
  /// Running statistics follow the batch's, with the unbiased variance.
  void follow(Work& work, std::int64_t pixels) const;

  std::size_t at(std::size_t branch, int channel) const { return branch * channels + channel; }
  /// What a branch's output is multiplied by: weight / deviation.
  double factor(const Work& work, std::size_t branch, int channel) const {
    return work.weight(first[branch])[channel] * inverse[at(branch, channel)];
  }
  /// What is added to it besides.
  double shift(const Work& work, std::size_t branch, int channel) const {
    return work.weight(first[branch] + 1)[channel] -
           factor(work, branch, channel) * mean[at(branch, channel)];
  }
};

/// Throws Error when a batch has one value a channel.
void expect_batch(std::int64_t pixels);

}  // namespace ablate::fusion
