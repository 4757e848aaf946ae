#include "ingredients/norms.h"

#include <ATen/Dispatch.h>

#include <cmath>

namespace ablate::ingredients {

double gradient_norm(const std::vector<ParameterSet>& sets) {
  double squares = 0;
  for (const auto& set : sets)
    AT_DISPATCH_FLOATING_TYPES(set.gradients.scalar_type(), "gradient_norm", [&] {
      squares += squares_of(set.gradients.const_data_ptr<scalar_t>(), set.gradients.numel());
    });
  return std::sqrt(squares);
}

}  // namespace ablate::ingredients
