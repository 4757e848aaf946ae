#pragma once

#include <ATen/core/Tensor.h>

namespace ablate::ingredients {

/// Jensen-Shannon divergence of several predictions: the mean over views of KL(view || mean of the views), of
/// logits [V * N, C] where view v of sample i stands at v * N + i; a mean over samples. The mean of the views
/// is clamped to [1e-7, 1] (Hendrycks et al. 2020, arXiv:1912.02781, section 3, and the authors' code).
at::Tensor jensen_shannon(const at::Tensor& logits, int views);

}  // namespace ablate::ingredients
