#pragma once

#include "harness/train/training.h"

namespace ablate::training {

/// Mean over rows of -sum_c target log softmax(logits) [N, C]: cross-entropy for targets that are distributions.
at::Tensor soft_cross_entropy(const at::Tensor& logits, const at::Tensor& targets);

/// One update on one batch. Not finite: the loss of the pass, or of a further one that a wrapper asked for, was not, and
/// training is over.
LossValues train_step(Training& training, Batch& batch);

}  // namespace ablate::training
