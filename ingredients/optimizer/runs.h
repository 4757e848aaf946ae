#pragma once

#include <cstdint>
#include <vector>

#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// A part of a flat buffer whose elements share their factors on rate and decay.
struct Run {
  std::int64_t offset = 0, length = 0;
  double lr_scale = 1, decay_scale = 1;
};

/// One run a segment. Missing factors are 1.
std::vector<Run> segment_runs(const ParameterSet& set);
/// The runs with neighbours of equal factors joined.
std::vector<Run> joined(const std::vector<Run>& runs);
/// The fewest runs that cover the set: one when the factors are uniform.
std::vector<Run> runs_of(const ParameterSet& set);

}  // namespace ablate::ingredients
