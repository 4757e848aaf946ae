#include <algorithm>

#include "harness/plan/apply.h"
#include "harness/plan/assembly.h"
#include "harness/plan/names.h"
#include "harness/plan/plan.h"
#include "harness/plan/sweep.h"

namespace ablate {
namespace {

/// A recipe has keys of recipes and none of sweeps.
bool is_recipe_file(const Tree& root) {
  if (!root.is(Tree::Kind::Object)) return false;
  const auto is_key = [](const Member& member) { return is_recipe_key(member.key); };
  return std::ranges::any_of(root.members, is_key) && !root.find("base") && !root.find("backbones") &&
         !root.find("seeds") && !root.find("factors") && !root.find("tables");
}

/// The world as far as one can see without reading much: files exist or not, data is not looked at.
World world_at_a_glance(const World& world) {
  World glance = world;
  glance.data = nullptr;
  glance.weights_digest = [](const std::filesystem::path& path) {
    return std::filesystem::is_regular_file(path) ? std::string("there") : std::string();
  };
  return glance;
}

void validate_recipe(const Tree& root, const Overrides& overrides, const World& world, Problems& problems) {
  Tree recipe = read_recipe(root, problems);
  const auto set = read_command_line(overrides.set, problems);
  Uses uses;
  apply_patch(set, recipe, uses);
  for (const auto& assignment : set)
    if (!uses.applied.contains(&assignment))
      problems.error(assignment.place, owner_of(assignment.path) + " is off in this recipe");
  const Resolver resolver(world, overrides.must_exist, std::nullopt);
  Findings findings;
  auto resolved = resolver.resolve(recipe, findings);
  for (const auto* found : {&findings.mistakes, &findings.clashes}) add_problems(*found, problems);
  if (!resolved) return;
  resolved->teachers.clear();  // declared by whoever uses the recipe
  const Sweep no_sweep;
  TeacherBook no_teachers(no_sweep, resolver, problems);
  Assembly(world, resolver, no_teachers, problems).identify(*resolved, 1);
}

}  // namespace

void validate_file(const std::filesystem::path& file, const Overrides& overrides, const World& world,
                   Problems& problems) {
  const auto root = read_json_file(file, problems);
  if (!root) return;
  const auto glance = world_at_a_glance(world);
  if (is_recipe_file(*root))
    validate_recipe(*root, overrides, glance, problems);
  else
    plan_of(*root, file, overrides, glance, problems);
}

}  // namespace ablate
