#include "harness/plan/difference.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ingredients/catalogue.h"

namespace ablate {
namespace {

void flatten(const nlohmann::json& value, const std::string& path,
             std::map<std::string, std::string>& leaves) {
  if (!value.is_object() || value.empty()) {
    leaves[path] = value.dump();
    return;
  }
  for (const auto& [key, member] : value.items())
    flatten(member, path.empty() ? key : path + "." + key, leaves);
}

std::string value_at(const std::map<std::string, std::string>& leaves, const std::string& path) {
  const auto found = leaves.find(path);
  return found == leaves.end() ? "absent" : found->second;
}

/// Whether a recipe has an ingredient of a family on.
bool has(const nlohmann::json& recipe, const std::string& family, const std::string& key) {
  const auto found = recipe.find(family);
  return found != recipe.end() && found->is_object() && found->contains(key);
}

std::string on_text(const std::string& family, const std::string& key, const nlohmann::json& settings) {
  const auto* entry = find_ingredient(family, without_copy(key));
  const auto shown = entry ? hashed_settings(entry->params, settings) : settings;
  std::vector<std::string> parts;
  for (const auto& [name, value] : shown.items()) parts.push_back(name + " " + value.dump());
  return parts.empty() ? "on" : fmt::format("on ({})", fmt::join(parts, ", "));
}

/// Takes the ingredients that only `one` has out of it, and says of each that it is on.
std::map<std::string, std::string> take_own(nlohmann::json& one, const nlohmann::json& other) {
  std::map<std::string, std::string> taken;
  for (const auto& family : families()) {
    if (!one.contains(family.name) || !one[family.name].is_object()) continue;
    const auto ingredients = one[family.name];
    for (const auto& [key, settings] : ingredients.items()) {
      if (has(other, family.name, key)) continue;
      taken[family.name + "." + key] = on_text(family.name, key, settings);
      one[family.name].erase(key);
    }
  }
  return taken;
}

/// Families without an ingredient, whether empty or "off", are no difference.
void drop_empty_families(nlohmann::json& recipe) {
  for (const auto& family : families())
    if (const auto found = recipe.find(family.name);
        found != recipe.end() && (!found->is_object() || found->empty()))
      recipe.erase(found);
}

}  // namespace

std::vector<std::string> differences(const nlohmann::json& from, const nlohmann::json& to) {
  std::map<std::string, std::string> before, after;
  flatten(from, "", before);
  flatten(to, "", after);
  std::set<std::string> paths;
  for (const auto* leaves : {&before, &after})
    for (const auto& [path, value] : *leaves) paths.insert(path);
  std::vector<std::string> lines;
  for (const auto& path : paths) {
    const auto was = value_at(before, path), is = value_at(after, path);
    if (was != is) lines.push_back(fmt::format("{}: {} -> {}", path, was, is));
  }
  return lines;
}

std::vector<std::string> recipe_differences(nlohmann::json from, nlohmann::json to) {
  const auto whole = from;
  std::vector<std::string> lines;
  for (const auto& [name, text] : take_own(from, to))
    lines.push_back(fmt::format("{}: {} -> off", name, text));
  for (const auto& [name, text] : take_own(to, whole))
    lines.push_back(fmt::format("{}: off -> {}", name, text));
  drop_empty_families(from);
  drop_empty_families(to);
  const auto others = differences(from, to);
  lines.insert(lines.end(), others.begin(), others.end());
  return lines;
}

}  // namespace ablate
