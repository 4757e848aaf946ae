#pragma once

#include <map>
#include <string>

#include "harness/plan/resolve.h"
#include "harness/plan/sweep.h"

namespace ablate {

/// A declared teacher, checked.
struct Teacher {
  const TeacherDeclaration* declaration = nullptr;
  ResolvedRecipe resolved;
};

/// Checks every declared teacher: its recipe, its own teachers (chains, no cycles). Those with mistakes are
/// left out.
std::map<std::string, Teacher> resolve_teachers(const Sweep& sweep, const Resolver& resolver,
                                                Problems& problems);

/// What a teacher inherits of the base: data, train, optimizer, schedule and augment, with the command line's
/// changes.
Tree inherited_recipe(const Sweep& sweep);

}  // namespace ablate
