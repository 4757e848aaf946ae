#pragma once

#include <map>
#include <string>

#include "harness/plan/plan.h"

namespace ablate {

/// What people call the runs of a plan: "GhostNetV2, mix=+ Mixup, seed 1" or "teacher R56, seed 1". A run
/// that stands in several arms is called by the first.
std::map<std::string, std::string> names_of_runs(const Plan& plan);

}  // namespace ablate
