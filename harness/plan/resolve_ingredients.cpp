#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/plan/names.h"
#include "harness/plan/resolve.h"
#include "harness/plan/resolve_work.h"

namespace ablate {

using nlohmann::json;

namespace {

/// "logit@second": the part behind the @ tells copies apart, so there must be one.
bool check_copy(const Member& member, Problems& problems) {
  const auto at = member.key.find('@');
  if (at == std::string::npos || at + 1 < member.key.size()) return true;
  problems.error(member.place, fmt::format("a copy needs a name behind the '@': '{}'", member.key));
  return false;
}

void check_arity(const Family& family, const Tree& given, const std::vector<const IngredientEntry*>& on,
                 Problems& problems) {
  if (family.arity == Arity::Any) return;
  const Member* first = nullptr;
  for (std::size_t i = 0; i < on.size(); ++i) {
    if (!on[i] || on[i]->wrapper) continue;
    const auto& member = given.members[i];
    if (first)
      problems.error(member.place, fmt::format("`{}` takes one ingredient: both '{}' and '{}' are on",
                                               family.name, first->key, member.key));
    else
      first = &member;
  }
}

}  // namespace

void Resolver::families(Work& work, const std::vector<std::string>& names) const {
  for (const auto& name : names) {
    const auto& declared = *find_family(name);
    const Tree* given = work.given.find(name);
    const bool off = !given || given->is_off();
    if (!off) family(work, declared, *given);
    const auto on = work.out.recipe.find(name);
    if (declared.arity != Arity::ExactlyOneAndWrappers || on != work.out.recipe.end()) continue;
    if (off || (given->is(Tree::Kind::Object) && given->members.empty()))
      work.problems.error(given ? given->place : work.given.place,
                          fmt::format("the recipe has no `{}`", name));
  }
}

void Resolver::family(Work& work, const Family& family, const Tree& given) const {
  if (!given.is(Tree::Kind::Object)) {
    work.problems.error(given.place,
                        fmt::format("`{}` is {{ingredient: {{parameters}}}}, a name, or \"off\", found {}",
                                    family.name, kind_name(given.kind)));
    return;
  }
  std::vector<const IngredientEntry*> on(given.members.size());
  for (std::size_t i = 0; i < on.size(); ++i) {
    const auto& member = given.members[i];
    if (member.value.is_off() || !check_copy(member, work.problems)) continue;
    on[i] = find_ingredient(family.name, without_copy(member.key));
    if (!on[i]) {
      const auto known = ingredient_names(family.name);
      const auto hint = suggestion(member.key, known);
      work.problems.error(
          member.place,
          fmt::format("unknown ingredient '{}' of `{}`{}", member.key, family.name,
                      hint.empty() ? fmt::format("; there are {}", fmt::join(known, ", ")) : hint));
      continue;
    }
    const auto first = work.out.used.size();
    work.out.used.push_back({.entry = on[i], .place = member.place});
    work.out.recipe[family.name][member.key] = ingredient(work, *on[i], member.value);
    for (auto k = first; k < work.out.used.size(); ++k) {
      work.out.used[k].family = family.name;
      work.out.used[k].key = member.key;
    }
  }
  check_arity(family, given, on, work.problems);
  const bool any_known = std::ranges::any_of(on, [](const auto* entry) { return entry != nullptr; });
  const bool only_wrappers =
      any_known && std::ranges::all_of(on, [](const auto* entry) { return !entry || entry->wrapper; });
  if (family.arity == Arity::ExactlyOneAndWrappers && only_wrappers)
    work.problems.error(given.place, fmt::format("`{}` has wrappers but nothing to wrap", family.name));
}

json Resolver::ingredient(Work& work, const IngredientEntry& entry, const Tree& given) const {
  auto settings = ablate::resolve(entry.params, given, entry.name, work.problems);
  locate_paths(entry.params, given, settings, work.problems);
  for (const auto& param : entry.params) {
    const Tree* value = given.find(param.name);
    if (param.type == ParamType::Teacher && value) {
      if (value->is(Tree::Kind::Array))
        for (const auto& item : value->items) teacher(work, item);
      else
        teacher(work, *value);
    } else if (param.type == ParamType::Ingredient && !settings[param.name].is_null()) {
      const Tree fallback = to_tree(param.fallback, given.place);
      settings[param.name] = nested(work, param, value ? *value : fallback);
    }
  }
  return settings;
}

json Resolver::nested(Work& work, const ParamInfo& param, const Tree& given) const {
  if (given.is(Tree::Kind::Array)) {
    auto list = json::array();
    for (const auto& item : given.items) list.push_back(nested(work, param, item));
    return list;
  }
  Tree expanded = given;
  if (given.is(Tree::Kind::String)) {
    expanded = Tree::object(given.place);
    expanded.set(given.text, Tree::object(given.place), given.place);
  }
  if (!expanded.is(Tree::Kind::Object) || expanded.members.size() != 1)
    return {};  // reported with the parameter
  const auto& member = expanded.members.front();
  const auto* entry = find_ingredient(param.range.family, without_copy(member.key));
  if (!entry) {
    work.problems.error(member.place,
                        fmt::format("unknown ingredient '{}' of `{}`{}", member.key, param.range.family,
                                    suggestion(member.key, ingredient_names(param.range.family))));
    return {};
  }
  work.out.used.push_back({.entry = entry, .nested = true, .place = member.place});
  return {{member.key, ingredient(work, *entry, member.value)}};
}

void Resolver::teacher(Work& work, const Tree& given) const {
  if (!given.is(Tree::Kind::String)) {
    if (given.is(Tree::Kind::Object))
      work.problems.error(given.place, "a teacher is named here; it is declared in `teachers`");
    return;
  }
  if (teachers_ && !teachers_->contains(given.text)) {
    const std::vector<std::string> known(teachers_->begin(), teachers_->end());
    work.problems.error(given.place,
                        fmt::format("unknown teacher '{}'{}", given.text, suggestion(given.text, known)));
  } else if (!teachers_) {
    work.problems.warn(
        given.place,
        fmt::format("the teacher '{}' must be declared by the sweep that uses this recipe", given.text));
  }
  work.out.teachers.push_back({given.text, given.place});
}

}  // namespace ablate
