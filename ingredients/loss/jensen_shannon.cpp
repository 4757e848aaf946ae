#include "ingredients/loss/jensen_shannon.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>

namespace ablate::ingredients {

at::Tensor jensen_shannon(const at::Tensor& logits, int views) {
  const auto samples = logits.size(0) / views;
  const auto logs = at::log_softmax(logits, 1).view({views, samples, logits.size(1)});
  const auto shares = logs.exp();
  const auto mixture = shares.mean(0).clamp(1e-7, 1).log();
  return (shares * (logs - mixture)).sum() / double(views * samples);
}

}  // namespace ablate::ingredients
