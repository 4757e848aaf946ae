#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace ablate::ingredients {

/// Mean over several predictions, logits [N, C] of views of the same samples, of the KL divergence of each
/// from their average, which is clamped to [1e-7, 1] (Hendrycks et al. 2020, arXiv:1912.02781, section 3); a
/// mean over the batch.
at::Tensor jensen_shannon(const std::vector<at::Tensor>& logits);

}  // namespace ablate::ingredients
