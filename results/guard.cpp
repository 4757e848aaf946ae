#include "results/guard.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

namespace ablate {
namespace {

using Json = nlohmann::json;
using Leaves = std::map<std::string, std::string>;

void collect_leaves(const Json& value, const std::string& path, Leaves& leaves) {
  if (!value.is_object() || value.empty()) {
    if (!path.empty()) leaves[path] = value.dump();
    return;
  }
  for (const auto& [key, item] : value.items())
    collect_leaves(item, path.empty() ? key : path + "." + key, leaves);
}

Leaves leaves_of(const Json& recipe) {
  Leaves leaves;
  collect_leaves(recipe, "", leaves);
  return leaves;
}

/// Every key below: factors, paths of patches, and labels, which match nothing.
void collect_keys(const Json& value, std::set<std::string>& keys) {
  if (value.is_object())
    for (const auto& [key, item] : value.items()) {
      keys.insert(key);
      collect_keys(item, keys);
    }
  else if (value.is_array())
    for (const auto& item : value) collect_keys(item, keys);
}

bool holds(const std::string& outer, const std::string& path) {
  return path.starts_with(outer) && (path.size() == outer.size() || path[outer.size()] == '.');
}

bool is_varied(const std::set<std::string>& varied, const std::string& path) {
  for (const auto& key : varied)
    if (holds(key, path) || holds(path, key)) return true;
  return false;
}

std::vector<std::string> unvaried(const Json& a, const Json& b, const std::set<std::string>& varied) {
  const auto left = leaves_of(a), right = leaves_of(b);
  std::set<std::string> paths;
  for (const auto& [path, value] : left) paths.insert(path);
  for (const auto& [path, value] : right) paths.insert(path);
  const auto text = [](const Leaves& leaves, const std::string& path) {
    const auto found = leaves.find(path);
    return found == leaves.end() ? std::string("absent") : found->second;
  };
  std::vector<std::string> differences;
  for (const auto& path : paths)
    if (text(left, path) != text(right, path) && !is_varied(varied, path))
      differences.push_back(fmt::format("{} ({}, not {})", path, text(right, path), text(left, path)));
  return differences;
}

void refuse(const std::string& what, const std::vector<std::string>& differences) {
  if (!differences.empty())
    throw Error(fmt::format(
        "{} differ in what the design does not vary: {}; run the sweep again, so that all rows come "
        "from one plan",
        what, fmt::join(differences, ", ")));
}

}  // namespace

void refuse_unvaried_differences(const Layout& layout) {
  std::set<std::string> varied;
  for (const char* part : {"factors", "tables", "design"})
    if (layout.given.contains(part)) collect_keys(layout.given[part], varied);
  std::set<std::string> adapted{"backbone"};
  if (layout.given.contains("adapt")) collect_keys(layout.given["adapt"], adapted);

  for (const auto& table : layout.tables) {
    std::map<std::string, const Layout::Arm*> references;
    for (const auto& arm : table.arms)
      if (arm.reference) references.emplace(arm.backbone, &arm);
    for (const auto& arm : table.arms) {
      const auto reference = references.find(arm.backbone);
      if (reference == references.end()) continue;
      auto allowed = varied;
      for (const auto& [factor, level] : arm.levels) allowed.insert(factor);
      refuse(fmt::format("rows `reference` and `{}` of {}", arm.label, arm.backbone),
             unvaried(reference->second->recipe, arm.recipe, allowed));
    }
    for (const auto& [backbone, arm] : references)
      refuse(fmt::format("the references of {} and {}", references.begin()->first, backbone),
             unvaried(references.begin()->second->recipe, arm->recipe, adapted));
  }
}

}  // namespace ablate
