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

/// The teachers of a sweep. One with the student's network (an earlier generation) has a form for each.
class TeacherBook {
 public:
  /// Checks every declared teacher: its recipe, its own teachers (chains, no cycles). All must outlive this.
  TeacherBook(const Sweep& sweep, const Resolver& resolver, Problems& problems);

  /// Null when it has mistakes, which are reported.
  const Teacher* find(const std::string& name, const ResolvedRecipe& student);

 private:
  const Teacher* add(const TeacherDeclaration& declaration, const Tree* network);

  const Sweep& sweep_;
  const Resolver& resolver_;
  Problems& problems_;
  /// By name and, where the student brings it, canonical text of the network.
  std::map<std::pair<std::string, std::string>, Teacher> teachers_;
};

/// What a teacher inherits of the base: data, train, optimizer, schedule and augment, with the command line's
/// changes.
Tree inherited_recipe(const Sweep& sweep);

}  // namespace ablate
