#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/core/canonical.h"
#include "harness/core/params.h"
#include "harness/plan/names.h"
#include "harness/plan/sweep.h"

namespace ablate {
namespace {

/// "mixup" for {"mixup": {...}}.
std::string ingredient_label(const Tree& value) {
  std::vector<std::string> names;
  for (const auto& member : value.members) names.push_back(member.key);
  return names.empty() ? "off" : fmt::format("{}", fmt::join(names, "+"));
}

/// The parameters of {"mixup": {...}} by "name value"; ingredients of several name theirs all.
std::map<std::string, std::string> label_parameters(const Tree& value) {
  std::map<std::string, std::string> parameters;
  for (const auto& ingredient : value.members)
    for (const auto& parameter : ingredient.value.members)
      parameters[value.members.size() == 1 ? parameter.key : ingredient.key + "." + parameter.key] =
          label_text(parameter.value);
  return parameters;
}

/// Appends, to labels that several ingredients share, the parameters in which they differ.
void tell_apart(const std::vector<const Tree*>& values, std::vector<std::string>& labels) {
  const auto plain = labels;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i]->is(Tree::Kind::Object) || std::ranges::count(plain, plain[i]) < 2) continue;
    for (const auto& [name, value] : label_parameters(*values[i])) {
      bool differs = false;
      for (std::size_t k = 0; k < values.size(); ++k) {
        if (plain[k] != plain[i]) continue;
        const auto other = label_parameters(*values[k]);
        const auto found = other.find(name);
        differs |= found == other.end() || found->second != value;
      }
      if (differs) labels[i] += " " + name + " " + value;
    }
  }
}

std::vector<std::string> labels_of(const std::vector<std::string>& path, const std::vector<Tree>& items) {
  std::vector<const Tree*> values;
  std::vector<std::string> labels;
  for (const auto& item : items) {
    values.push_back(&item);
    const bool ingredients = path.size() == 1 && item.is(Tree::Kind::Object);
    labels.push_back(ingredients ? ingredient_label(item) : label_text(item));
  }
  if (path.size() == 1) tell_apart(values, labels);
  return labels;
}

void add_level(Factor& factor, Level level, Problems& problems) {
  if (!check_label(level.label, "a level's label", level.place, problems)) return;
  if (factor.level(level.label))
    problems.error(
        level.place,
        fmt::format("two levels of '{}' are labelled '{}': give them labels, as {{\"label\": value}}",
                    factor.name, level.label));
  else
    factor.levels.push_back(std::move(level));
}

void read_path_factor(const Member& member, Factor& factor, Problems& problems) {
  const auto path = split_path(member.key);
  if (!check_path(path, member.place, Whole::Refused, problems)) return;
  const auto level = [&](const std::string& label, const Place& place, const Tree& value) {
    add_level(factor, {label, place, {{path, value.place, value}}}, problems);
  };
  if (member.value.is(Tree::Kind::Array)) {
    const auto labels = labels_of(path, member.value.items);
    for (std::size_t i = 0; i < labels.size(); ++i)
      level(labels[i], member.value.items[i].place, member.value.items[i]);
  } else if (member.value.is(Tree::Kind::Object)) {
    for (const auto& [label, place, value] : member.value.members) level(label, place, value);
  } else {
    problems.error(member.value.place,
                   fmt::format("the factor '{}' lists alternative values: [value, ...] or {{label: value}}",
                               factor.name));
  }
}

void read_named_factor(const Member& member, Factor& factor, Problems& problems) {
  if (!member.value.is(Tree::Kind::Object)) {
    problems.error(
        member.place,
        fmt::format("'{}' is no path of a recipe{}, so its levels must be {{label: {{path: value}}}}",
                    member.key, suggestion(split_path(member.key)[0], recipe_keys())));
    return;
  }
  for (const auto& [label, place, value] : member.value.members) {
    auto patch = read_patch(value, Whole::Refused, problems);
    if (patch.empty() && value.is(Tree::Kind::Object) && value.members.empty())
      problems.error(value.place, fmt::format("the level '{}' changes nothing", label));
    add_level(factor, {label, place, std::move(patch)}, problems);
  }
}

bool is_empty(const Tree& value) {
  return (value.is(Tree::Kind::Array) && value.items.empty()) ||
         (value.is(Tree::Kind::Object) && value.members.empty());
}

}  // namespace

std::string label_text(const Tree& value) {
  switch (value.kind) {
    case Tree::Kind::String:
      return value.text;
    case Tree::Kind::Real:
      return plain_number(value.real);
    case Tree::Kind::Array: {
      std::vector<std::string> items;
      for (const auto& item : value.items) items.push_back(label_text(item));
      return fmt::format("[{}]", fmt::join(items, " "));
    }
    case Tree::Kind::Object: {
      std::vector<std::string> parts;
      for (const auto& member : value.members) parts.push_back(member.key + " " + label_text(member.value));
      return parts.empty() ? "on" : fmt::format("{}", fmt::join(parts, " "));
    }
    default:
      return to_json(value).dump();
  }
}

void read_factors(const Tree& tree, std::deque<Factor>& factors, Problems& problems) {
  for (const auto& member : tree.members) {
    if (!check_label(member.key, "a factor's name", member.place, problems)) continue;
    Factor factor{.name = member.key, .place = member.place};
    factor.is_path = is_recipe_key(split_path(member.key)[0]);
    if (is_empty(member.value))
      problems.error(member.value.place, fmt::format("the factor '{}' has no levels", member.key));
    else if (factor.is_path)
      read_path_factor(member, factor, problems);
    else
      read_named_factor(member, factor, problems);
    factors.push_back(std::move(factor));
  }
}

}  // namespace ablate
