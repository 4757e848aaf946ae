#pragma once

#include "harness/plan/resolve.h"

namespace ablate {

/// A recipe on its way from what was given to what it means.
struct Resolver::Work {
  const Tree& given;
  Problems& problems;
  ResolvedRecipe out;
};

}  // namespace ablate
