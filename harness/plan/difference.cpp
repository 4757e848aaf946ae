#include "harness/plan/difference.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include <fmt/format.h>

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

}  // namespace ablate
