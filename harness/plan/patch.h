#pragma once

#include <string>
#include <vector>

#include "harness/core/problems.h"
#include "harness/core/tree.h"

namespace ablate {

/// One `path: value` of a patch, and where it was written.
struct Assignment {
  std::vector<std::string> path;
  Place place;  // of the path
  Tree value;
};

/// Shorter paths first, so that a parameter lands in the ingredient that the same patch switches on.
using Patch = std::vector<Assignment>;

/// `data`, `backbone`, `train`, `evaluate` and every family.
std::vector<std::string> recipe_keys();
bool is_recipe_key(const std::string& key);

/// "a.b.c" -> {"a", "b", "c"}, and back.
std::vector<std::string> split_path(const std::string& path);
std::string join_path(const std::vector<std::string>& path);

/// May a patch replace all of `data`, `train` or `backbone`? Factors and `adapt` may not.
enum class Whole { Allowed, Refused };

/// Reports a path that names nothing a recipe can hold: unknown sections, ingredients, parameters.
bool check_path(const std::vector<std::string>& path, const Place& place, Whole whole, Problems& problems);

/// Reads `{path: value}`; assignments with a mistake in their path are reported and left out.
Patch read_patch(const Tree& tree, Whole whole, Problems& problems);

/// A bare name where a section holds ingredients, a network or a data set stands for `{name: {}}`.
void expand_bare_name(const std::string& section, Tree& value);

/// The ingredient, backbone or data set whose parameter the path is ("distill.logit"); "" when it is none's.
std::string owner_of(const std::vector<std::string>& path);

/// False when the path is a parameter of something that is not on in the recipe.
bool applies(const Assignment& assignment, const Tree& recipe);

/// Replaces exactly what stands at the path; "off" at an ingredient takes it out.
void apply(const Assignment& assignment, Tree& recipe);

}  // namespace ablate
