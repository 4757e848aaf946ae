#pragma once

#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// Computes a network's BatchNorm statistics anew: the mean over batches of each batch's own (torch's
/// update_bn). The executor adds a share of the batch's to what was there: zero, so that it can be had back.
class BatchStatistics {
 public:
  /// `seed` is of dropout.
  BatchStatistics(const Weights& weights, std::uint64_t seed, std::uint32_t epoch);

  void add(Student& network, const at::Tensor& images);
  int batches() const { return int(pass_.step); }
  /// Puts the means in the weights' place; without a batch they keep what they had.
  void finish();

 private:
  const Weights& weights_;
  at::Tensor sum_;
  Pass pass_;
};

}  // namespace ablate::ingredients
