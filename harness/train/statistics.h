#pragma once

#include <functional>

#include "harness/train/training.h"

namespace ablate::training {

/// How much of the training images statistics are computed from.
struct StatisticsPass {
  int size = 0;  // height = width
  int batches = 0;
};

/// Calls `use` on the first batches of the training images in an order of their own, unmixed.
void over_training_data(const Training& training, const StatisticsPass& pass,
                        const std::function<void(const Batch&)>& use);

/// BatchNorm's statistics of these weights at the size of evaluation: means over so many batches of training
/// images.
void recompute_statistics(const Training& training, int batches, Weights& weights);

}  // namespace ablate::training
