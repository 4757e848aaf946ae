#include "harness/plan/patch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "backbones/catalogue.h"
#include "harness/data/catalogue.h"
#include "harness/plan/names.h"
#include "ingredients/catalogue.h"
#include "ingredients/recipe.h"

namespace ablate {
namespace {

using PathView = const std::vector<std::string>&;

bool is_settings_section(const std::string& key) {
  return key == "train" || key == "evaluate";
}

bool unknown_name(const std::string& kind, const std::string& name, const std::vector<std::string>& known,
                  const Place& place, Problems& problems) {
  problems.error(place, fmt::format("unknown {} '{}'{}", kind, name, suggestion(name, known)));
  return false;
}

bool check_parameter(const std::vector<ParamInfo>& params, const std::string& owner, PathView path,
                     std::size_t at, const Place& place, Problems& problems);

/// path[at] is the name of an ingredient nested in a parameter of that family.
bool check_nested(const std::string& family, PathView path, std::size_t at, const Place& place,
                  Problems& problems) {
  const auto* entry = find_ingredient(family, without_copy(path[at]));
  if (!entry)
    return unknown_name(family + " ingredient", path[at], ingredient_names(family), place, problems);
  return at + 1 == path.size() || check_parameter(entry->params, entry->name, path, at + 1, place, problems);
}

/// path[at] is the name of a parameter of `owner`.
bool check_parameter(const std::vector<ParamInfo>& params, const std::string& owner, PathView path,
                     std::size_t at, const Place& place, Problems& problems) {
  const auto info = std::ranges::find(params, path[at], &ParamInfo::name);
  if (info == params.end())
    return unknown_name("parameter of " + owner, path[at], parameter_names(params), place, problems);
  if (at + 1 == path.size()) return true;
  if (info->type == ParamType::Ingredient)
    return check_nested(info->range.family, path, at + 1, place, problems);
  problems.error(place,
                 fmt::format("'{}' goes deeper than the parameter {}.{}", join_path(path), owner, path[at]));
  return false;
}

bool check_whole_section(const std::string& section, const Place& place, Problems& problems) {
  if (section == "backbone")
    problems.error(
        place,
        "networks are compared by `backbones`, not by a factor; a factor may be backbone.<name>.<parameter>");
  else
    problems.error(place, fmt::format("may not replace all of `{}`: name one of its parameters", section));
  return false;
}

bool check_entry(PathView path, const Place& place, Problems& problems) {
  const auto& section = path[0];
  const auto last = path.size() == 2;
  if (section == "data") {
    const auto* entry = find_data(path[1]);
    if (!entry) return unknown_name("data set", path[1], data_names(), place, problems);
    return last || check_parameter(entry->params, "data." + path[1], path, 2, place, problems);
  }
  if (section == "backbone") {
    const auto* entry = find_backbone(path[1]);
    if (!entry) return unknown_name("backbone", path[1], backbone_names(), place, problems);
    return last || check_parameter(entry->params, "backbone." + path[1], path, 2, place, problems);
  }
  return check_nested(section, path, 1, place, problems);
}

}  // namespace

std::vector<std::string> recipe_keys() {
  std::vector<std::string> keys{"data", "backbone", "train", "evaluate"};
  for (const auto& family : families()) keys.push_back(family.name);
  return keys;
}

bool is_recipe_key(const std::string& key) {
  const auto keys = recipe_keys();
  return std::ranges::find(keys, key) != keys.end();
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> keys;
  for (std::size_t from = 0;;) {
    const auto dot = path.find('.', from);
    keys.push_back(path.substr(from, dot - from));
    if (dot == std::string::npos) return keys;
    from = dot + 1;
  }
}

std::string join_path(const std::vector<std::string>& path) {
  return fmt::format("{}", fmt::join(path, "."));
}

bool check_path(const std::vector<std::string>& path, const Place& place, Whole whole, Problems& problems) {
  const auto& section = path[0];
  if (!is_recipe_key(section))
    return unknown_name("key of a recipe", section, recipe_keys(), place, problems);
  if (path.size() == 1) {
    const bool fixed = section == "data" || section == "train" || section == "backbone";
    return whole == Whole::Allowed || !fixed || check_whole_section(section, place, problems);
  }
  if (is_settings_section(section)) {
    const auto& info = section == "train" ? train_fields().info() : evaluate_fields().info();
    return check_parameter(info, section, path, 1, place, problems);
  }
  return check_entry(path, place, problems);
}

Patch read_patch(const Tree& tree, Whole whole, Problems& problems) {
  Patch patch;
  if (!tree.is(Tree::Kind::Object)) {
    problems.error(tree.place,
                   fmt::format("expected an object of path: value, found {}", kind_name(tree.kind)));
    return patch;
  }
  for (const auto& [key, place, value] : tree.members) {
    auto path = split_path(key);
    if (check_path(path, place, whole, problems)) patch.push_back({std::move(path), place, value});
  }
  std::ranges::stable_sort(patch, {}, [](const Assignment& a) { return a.path.size(); });
  return patch;
}

void expand_bare_name(const std::string& section, Tree& value) {
  if (is_settings_section(section) || !value.is(Tree::Kind::String)) return;
  if (value.is_off() && find_family(section)) return;
  auto entry = Tree::object(value.place);
  entry.set(value.text, Tree::object(value.place), value.place);
  value = std::move(entry);
}

std::string owner_of(const std::vector<std::string>& path) {
  const bool fixed = path[0] == "data" || path[0] == "backbone";
  if (is_settings_section(path[0]) || path.size() < (fixed ? 2u : 3u)) return "";
  return path[0] + "." + path[1];
}

bool applies(const Assignment& assignment, const Tree& recipe) {
  const auto& path = assignment.path;
  if (owner_of(path).empty()) return true;
  const Tree* node = &recipe;
  for (std::size_t i = 0; i < std::max<std::size_t>(2, path.size() - 1); ++i) {
    node = node->find(path[i]);
    // a parameter that is not written out may be created; the ingredient it belongs to may not
    if (!node) return false;
    if (!node->is(Tree::Kind::Object)) return false;
  }
  return true;
}

void apply(const Assignment& assignment, Tree& recipe) {
  const auto& [path, place, value] = assignment;
  Tree* node = &recipe;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    Tree* next = node->find(path[i]);
    if (!next || !next->is(Tree::Kind::Object)) {
      node->set(path[i], Tree::object(place), place);
      next = node->find(path[i]);
    }
    node = next;
  }
  if (path.size() == 2 && value.is_off() && find_family(path[0])) {
    node->erase(path[1]);
    return;
  }
  node->set(path.back(), value, place);
  if (path.size() == 1) expand_bare_name(path[0], *node->find(path[0]));
}

}  // namespace ablate
