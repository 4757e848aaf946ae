#include "harness/run/selection.h"

#include <fmt/format.h>

namespace ablate {
namespace {

constexpr const char* kReference = "reference";

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find(separator, start), text.size());
    if (end > start) parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

std::string level_of(const Arm& arm, const std::string& factor) {
  for (const auto& [name, label] : arm.levels)
    if (name == factor) return label;
  return kReference;
}

/// Every name that a term may have, with its values.
std::map<std::string, std::set<std::string>> vocabulary(const Plan& plan) {
  std::map<std::string, std::set<std::string>> known;
  for (const auto& table : plan.tables)
    for (const auto& factor : table.factors) known[factor].insert(kReference);
  for (const auto& arm : plan.arms) {
    known["backbone"].insert(arm.backbone);
    for (const auto seed : arm.seeds) known["seed"].insert(std::to_string(seed));
    for (const auto& [factor, label] : arm.levels) known[factor].insert(label);
  }
  return known;
}

template <class Range>
std::vector<std::string> as_list(const Range& range) {
  return {range.begin(), range.end()};
}

}  // namespace

Selection::Selection(const std::string& text, const Plan& plan, Problems& problems) {
  const auto known = vocabulary(plan);
  std::vector<std::string> names;
  for (const auto& [name, values] : known) names.push_back(name);
  for (const auto& term : split(text, ',')) {
    const auto equals = term.rfind('=');
    const auto name = term.substr(0, equals);
    const auto value = equals == std::string::npos ? "" : term.substr(equals + 1);
    const auto factor = known.find(name);
    if (term == kReference)
      terms_[kReference];
    else if (factor == known.end())
      problems.error({"--only"},
                     fmt::format("the sweep has no factor '{}'{}", name, suggestion(name, names)));
    else if (factor->second.count(value) == 0)
      problems.error({"--only"}, fmt::format("'{}' has no level '{}'{}", name, value,
                                             suggestion(value, as_list(factor->second))));
    else
      terms_[name].insert(value);
  }
}

bool Selection::selects(const Arm& arm, std::uint64_t seed) const {
  for (const auto& [name, values] : terms_) {
    if (name == kReference) {
      if (!arm.reference) return false;
      continue;
    }
    const auto value = name == "backbone" ? arm.backbone
                       : name == "seed"   ? std::to_string(seed)
                                          : level_of(arm, name);
    if (values.count(value) == 0) return false;
  }
  return true;
}

std::set<std::string> Selection::runs(const Plan& plan) const {
  std::set<std::string> keys;
  for (const auto& arm : plan.arms)
    for (std::size_t i = 0; i < arm.seeds.size(); ++i)
      if (!arm.runs.at(i).empty() && selects(arm, arm.seeds[i])) keys.insert(arm.runs[i]);
  return keys;
}

}  // namespace ablate
