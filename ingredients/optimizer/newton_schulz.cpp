#include "ingredients/optimizer/newton_schulz.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>

namespace ablate::ingredients {

at::Tensor newton_schulz(const at::Tensor& matrix, int steps) {
  constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315, kSmallest = 1e-7;
  const bool tall = matrix.size(0) > matrix.size(1);
  at::Tensor x = tall ? matrix.t() : matrix;
  x = x.div(x.norm().clamp_min(kSmallest));
  for (int step = 0; step < steps; ++step) {
    const auto gram = at::mm(x, x.t());
    x = at::addmm(x, at::addmm(gram, gram, gram, kB, kC), x, kA);
  }
  return tall ? x.t() : x;
}

}  // namespace ablate::ingredients
