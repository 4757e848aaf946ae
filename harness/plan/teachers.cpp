#include "harness/plan/teachers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/core/canonical.h"
#include "harness/plan/apply.h"
#include "harness/plan/names.h"

namespace ablate {
namespace {

Tree teacher_recipe(const Sweep& sweep, const TeacherDeclaration& declaration, const Tree* network,
                    Problems& problems) {
  Tree recipe = inherited_recipe(sweep);
  if (network) recipe.set("backbone", *network, network->place);
  if (declaration.distill) recipe.set("distill", *declaration.distill, declaration.distill->place);
  Uses uses;
  apply_patch(declaration.set, recipe, uses);
  for (const auto& assignment : declaration.set)
    if (!uses.applied.contains(&assignment))
      problems.error(assignment.place, fmt::format("{} is off in this teacher", owner_of(assignment.path)));
  return recipe;
}

/// By name, whom each learns from.
using Chains = std::map<std::string, std::vector<TeacherUse>>;

/// Follows teachers of teachers; `chain` holds the names on the way.
void look_for_cycle(const Chains& chains, const std::string& name, std::vector<std::string>& chain,
                    Problems& problems) {
  const auto teacher = chains.find(name);
  if (teacher == chains.end()) return;
  chain.push_back(name);
  for (const auto& use : teacher->second) {
    if (std::ranges::find(chain, use.name) == chain.end())
      look_for_cycle(chains, use.name, chain, problems);
    else if (use.name == chain.front())
      problems.error(use.place,
                     fmt::format("teachers in a circle: {} -> {}", fmt::join(chain, " -> "), use.name));
  }
  chain.pop_back();
}

/// Which of a teacher's forms has the network of that recipe; most have one form only.
std::string form_of(const TeacherDeclaration& declaration, const ResolvedRecipe& recipe) {
  return declaration.students_network ? canonical(recipe.recipe.at("backbone")) : "";
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

TeacherBook::TeacherBook(const Sweep& sweep, const Resolver& resolver, Problems& problems)
    : sweep_(sweep), resolver_(resolver), problems_(problems) {
  for (const auto& declaration : sweep.teachers) {
    if (declaration.students_network)
      for (const auto& row : sweep.backbones) add(declaration, &row.network);
    else if (declaration.backbone || declaration.brings_all())
      add(declaration, declaration.backbone ? &*declaration.backbone : nullptr);
  }
  Chains chains;
  for (const auto& [key, teacher] : teachers_) chains[key.first] = teacher.resolved.teachers;
  for (const auto& [name, uses] : chains) {
    std::vector<std::string> chain;
    look_for_cycle(chains, name, chain, problems);
  }
}

const Teacher* TeacherBook::find(const std::string& name, const ResolvedRecipe& student) {
  const auto& declaration = *std::ranges::find(sweep_.teachers, name, &TeacherDeclaration::name);
  const auto known = teachers_.find({name, form_of(declaration, student)});
  if (known != teachers_.end()) return &known->second;
  if (!declaration.students_network) return nullptr;
  const auto network = to_tree(student.recipe.at("backbone"), declaration.place);
  return add(declaration, &network);
}

const Teacher* TeacherBook::add(const TeacherDeclaration& declaration, const Tree* network) {
  const Tree recipe = teacher_recipe(sweep_, declaration, network, problems_);
  Findings findings;
  auto resolved = declaration.brings_all() ? resolver_.resolve_data(recipe, findings)
                  : declaration.weights    ? resolver_.resolve_network(recipe, findings)
                                           : resolver_.resolve(recipe, findings);
  add_problems(findings.mistakes, problems_);
  add_problems(findings.clashes, problems_);
  if (!resolved) return nullptr;
  const auto form = form_of(declaration, *resolved);
  return &teachers_.try_emplace({declaration.name, form}, Teacher{&declaration, std::move(*resolved)})
              .first->second;
}

}  // namespace ablate
