#pragma once

#include <cstdint>
#include <vector>

#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// Neighbouring segments of a flat buffer that share their factors on rate and decay.
struct Run {
  std::int64_t offset = 0, length = 0;
  double lr_scale = 1, decay_scale = 1;
};

/// The fewest runs that cover the set: one when the factors are uniform. Missing factors are 1.
std::vector<Run> runs_of(const ParameterSet& set);

}  // namespace ablate::ingredients
