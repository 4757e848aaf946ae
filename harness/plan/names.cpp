#include "harness/plan/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "backbones/catalogue.h"
#include "harness/data/catalogue.h"
#include "ingredients/catalogue.h"

namespace ablate {

std::vector<std::string> ingredient_names(const std::string& family) {
  std::vector<std::string> names;
  for (const auto& entry : ingredient_catalogue())
    if (entry.family == family) names.push_back(entry.short_name);
  return names;
}

std::vector<std::string> backbone_names() {
  std::vector<std::string> names;
  for (const auto& entry : backbone_catalogue()) names.push_back(entry.name);
  return names;
}

std::vector<std::string> data_names() {
  std::vector<std::string> names;
  for (const auto& entry : data_catalogue()) names.push_back(entry.name);
  return names;
}

std::vector<std::string> parameter_names(const std::vector<ParamInfo>& params) {
  std::vector<std::string> names;
  for (const auto& info : params) names.push_back(info.name);
  return names;
}

void check_keys(const Tree& object, const std::vector<std::string>& known, const std::string& what,
                Problems& problems) {
  for (const auto& member : object.members)
    if (std::ranges::find(known, member.key) == known.end())
      problems.error(member.place, fmt::format("unknown key '{}' of {}{}", member.key, what,
                                               suggestion(member.key, known)));
}

bool check_label(const std::string& label, const std::string& what, const Place& place, Problems& problems) {
  static const std::vector<std::string> reserved{"seed", "backbone", "teacher", "reference"};
  if (label.empty())
    problems.error(place, fmt::format("{} may not be empty", what));
  else if (std::ranges::find(reserved, label) != reserved.end())
    problems.error(place, fmt::format("'{}' is reserved: choose another name", label));
  else if (label.find_first_of(",=") != std::string::npos)
    problems.error(place, fmt::format("{} may hold no ',' or '=': '{}'", what, label));
  else
    return true;
  return false;
}

void add_problems(const Problems& from, Problems& to) {
  for (const auto& [severity, place, message] : from.sorted())
    severity == Severity::Error ? to.error(place, message) : to.warn(place, message);
}

const Tree* member_of_kind(const Tree& object, const std::string& key, Tree::Kind kind, Problems& problems) {
  const Tree* value = object.find(key);
  if (!value || value->is(kind)) return value;
  problems.error(value->place,
                 fmt::format("`{}` must be {}, found {}", key, kind_name(kind), kind_name(value->kind)));
  return nullptr;
}

}  // namespace ablate
