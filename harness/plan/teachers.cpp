#include "harness/plan/teachers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/plan/apply.h"
#include "harness/plan/names.h"

namespace ablate {
namespace {

using TeacherMap = std::map<std::string, Teacher>;

Tree teacher_recipe(const Sweep& sweep, const TeacherDeclaration& declaration, Problems& problems) {
  Tree recipe = inherited_recipe(sweep);
  if (declaration.backbone) recipe.set("backbone", *declaration.backbone, declaration.backbone->place);
  if (declaration.distill) recipe.set("distill", *declaration.distill, declaration.distill->place);
  Uses uses;
  apply_patch(declaration.set, recipe, uses);
  for (const auto& assignment : declaration.set)
    if (!uses.applied.contains(&assignment))
      problems.error(assignment.place, fmt::format("{} is off in this teacher", owner_of(assignment.path)));
  return recipe;
}

/// Follows teachers of teachers; `chain` holds the names on the way.
void look_for_cycle(const TeacherMap& teachers, const std::string& name, std::vector<std::string>& chain,
                    Problems& problems) {
  const auto teacher = teachers.find(name);
  if (teacher == teachers.end()) return;
  chain.push_back(name);
  for (const auto& use : teacher->second.resolved.teachers) {
    if (std::ranges::find(chain, use.name) == chain.end())
      look_for_cycle(teachers, use.name, chain, problems);
    else if (use.name == chain.front())
      problems.error(use.place,
                     fmt::format("teachers in a circle: {} -> {}", fmt::join(chain, " -> "), use.name));
  }
  chain.pop_back();
}

}  // namespace

Tree inherited_recipe(const Sweep& sweep) {
  Tree base = *sweep.base;
  Uses uses;
  apply_patch(sweep.set, base, uses);
  Tree recipe = Tree::object(base.place);
  for (const auto& member : base.members)
    for (const char* key : {"data", "train", "optimizer", "schedule", "augment"})
      if (member.key == key) recipe.set(member.key, member.value, member.place);
  // weights to start from are those of the student's network
  if (Tree* train = recipe.find("train")) train->erase("init");
  return recipe;
}

TeacherMap resolve_teachers(const Sweep& sweep, const Resolver& resolver, Problems& problems) {
  TeacherMap teachers;
  for (const auto& declaration : sweep.teachers) {
    if (!declaration.backbone && !declaration.module) continue;
    const Tree recipe = teacher_recipe(sweep, declaration, problems);
    Findings findings;
    auto resolved = declaration.module    ? resolver.resolve_data(recipe, findings)
                    : declaration.weights ? resolver.resolve_network(recipe, findings)
                                          : resolver.resolve(recipe, findings);
    add_problems(findings.mistakes, problems);
    add_problems(findings.clashes, problems);
    if (resolved) teachers[declaration.name] = {&declaration, std::move(*resolved)};
  }
  for (const auto& [name, teacher] : teachers) {
    std::vector<std::string> chain;
    look_for_cycle(teachers, name, chain, problems);
  }
  return teachers;
}

}  // namespace ablate
