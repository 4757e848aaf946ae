#pragma once

#include <set>

#include "harness/plan/sweep.h"

namespace ablate {

/// What of a sweep took effect somewhere: whatever did not is a mistake.
struct Uses {
  std::set<const Level*> levels;
  std::set<const Assignment*> tried, applied;
};

/// Applies what can be applied: parameters of what is off are left alone.
void apply_patch(const Patch& patch, Tree& recipe, Uses& uses);

/// A recipe with levels applied.
struct Levelled {
  Tree recipe;
  Combination effective;
  Combination idle;  // they touch parameters of something that is off
};

/// Applies levels as one step, shorter paths first. Two that set the same or nested paths are a problem.
Levelled apply_levels(const Tree& start, const Combination& levels, Problems& problems);

/// "mix=+ Mixup", with the last key of a path where that is enough to tell factors apart.
std::string label_of(const Sweep& sweep, const Combination& levels);

}  // namespace ablate
