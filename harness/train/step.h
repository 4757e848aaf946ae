#pragma once

#include <functional>
#include <map>
#include <string>

#include "harness/train/training.h"

namespace ablate::training {

/// Mean over rows of -sum_c target log softmax(logits) [N, C]: cross-entropy for targets that are
/// distributions.
at::Tensor soft_cross_entropy(const at::Tensor& logits, const at::Tensor& targets);

/// What the teachers said of a batch, by canonical text of the reference.
using Answers = std::map<std::string, Output>;

/// Every term times its weight, and their sum.
LossValues values_of(const Loss& loss, const at::Tensor& total);

/// One forward and backward of the student: afterwards the gradients of every parameter set are those of this
/// pass. Without a backward when the loss is not finite.
LossValues compute_gradients(Training& training, const Batch& batch, const Answers& answers,
                             const Pass& pass);

/// What schedules make of the rates of this step.
Rates scheduled_rates(const Training& training);

/// The optimizer inside, the wrappers around it, which may call `gradients`: a further forward and backward
/// at the values as they are then.
void apply_update(const Kit& kit, Update& update, const std::function<void()>& gradients);

/// The rate that the optimizer makes of a step's rates; by convention its parameter is called `lr`.
double learning_rate(const Kit& kit, const Rates& rates);

/// One update on one batch. Not finite: the loss of its pass, or of a further one that a wrapper asked for.
LossValues train_step(Training& training, Batch& batch);

}  // namespace ablate::training
