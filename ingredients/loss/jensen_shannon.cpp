#include "ingredients/loss/jensen_shannon.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/stack.h>

namespace ablate::ingredients {

at::Tensor jensen_shannon(const std::vector<at::Tensor>& logits) {
  const auto log_views = at::log_softmax(at::stack(logits), 2);
  const auto views = log_views.exp();
  const auto log_average = views.mean(0, true).clamp(1e-7, 1).log();
  return (views * (log_views - log_average)).sum() / double(views.size(0) * views.size(1));
}

}  // namespace ablate::ingredients
