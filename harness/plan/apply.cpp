#include "harness/plan/apply.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ablate {
namespace {

bool is_prefix(const std::vector<std::string>& shorter, const std::vector<std::string>& longer) {
  return shorter.size() <= longer.size() && std::equal(shorter.begin(), shorter.end(), longer.begin());
}

bool touches_parameters(const Level& level) {
  return std::ranges::any_of(level.patch, [](const Assignment& a) { return !owner_of(a.path).empty(); });
}

void apply_sorted(std::vector<const Assignment*> assignments, Tree& recipe) {
  std::ranges::stable_sort(assignments, {}, [](const Assignment* a) { return a->path.size(); });
  for (const auto* assignment : assignments) apply(*assignment, recipe);
}

/// True when everything the level sets is there to be set, once it has switched on what it switches on.
bool level_applies(const Level& level, Tree recipe) {
  for (const auto& assignment : level.patch) {
    if (!applies(assignment, recipe)) return false;
    apply(assignment, recipe);
  }
  return true;
}

void report_conflicts(const Combination& levels, Problems& problems) {
  for (std::size_t i = 0; i < levels.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      for (const auto& a : levels[i].level->patch)
        for (const auto& b : levels[k].level->patch)
          if (is_prefix(a.path, b.path) || is_prefix(b.path, a.path))
            problems.error(a.place,
                           fmt::format("'{}={}' sets {}, and '{}={}' sets {} in the same arm",
                                       levels[i].factor->name, levels[i].level->label, join_path(a.path),
                                       levels[k].factor->name, levels[k].level->label, join_path(b.path)));
}

std::string short_name(const Sweep& sweep, const Factor& factor) {
  if (!factor.is_path) return factor.name;
  const auto last = [](const Factor& f) { return f.is_path ? split_path(f.name).back() : f.name; };
  const auto alike = std::ranges::count_if(sweep.factors, [&](const Factor& other) {
    return other.name != factor.name && last(other) == last(factor);
  });
  return alike ? factor.name : last(factor);
}

}  // namespace

void apply_patch(const Patch& patch, Tree& recipe, Uses& uses) {
  for (const auto& assignment : patch) {
    uses.tried.insert(&assignment);
    if (!applies(assignment, recipe)) continue;
    apply(assignment, recipe);
    uses.applied.insert(&assignment);
  }
}

Levelled apply_levels(const Tree& start, const Combination& levels, Problems& problems) {
  Levelled out;
  Tree switched = start;
  std::vector<const Assignment*> always;
  for (const auto& choice : levels)
    if (!touches_parameters(*choice.level))
      for (const auto& assignment : choice.level->patch) always.push_back(&assignment);
  apply_sorted(always, switched);

  std::vector<const Assignment*> effective;
  for (const auto& choice : levels) {
    const bool on = !touches_parameters(*choice.level) || level_applies(*choice.level, switched);
    (on ? out.effective : out.idle).push_back(choice);
    if (on)
      for (const auto& assignment : choice.level->patch) effective.push_back(&assignment);
  }
  report_conflicts(out.effective, problems);
  out.recipe = start;
  apply_sorted(effective, out.recipe);
  return out;
}

std::string label_of(const Sweep& sweep, const Combination& levels) {
  if (levels.empty()) return "reference";
  std::vector<std::string> parts;
  for (const auto& [factor, level] : levels) parts.push_back(short_name(sweep, *factor) + "=" + level->label);
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace ablate
