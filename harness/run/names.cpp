#include "harness/run/names.h"

#include <fmt/format.h>

namespace ablate {

std::map<std::string, std::string> names_of_runs(const Plan& plan) {
  std::map<std::string, std::string> names;
  for (const auto& [key, run] : plan.runs)
    if (!run.teacher.empty()) names[key] = fmt::format("teacher {}, seed {}", run.teacher, run.seed);
  for (const auto& arm : plan.arms)
    for (std::size_t i = 0; i < arm.runs.size(); ++i)
      names.emplace(arm.runs[i], fmt::format("{}, {}, seed {}", arm.backbone, arm.label, arm.seeds.at(i)));
  for (const auto& [key, run] : plan.runs) names.emplace(key, key.substr(0, 12));
  return names;
}

}  // namespace ablate
