#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "harness/plan/plan.h"
#include "harness/run/coordinator.h"

namespace ablate {

/// Trains two steps of every arm's first seed in a scratch store, with a checkpoint and a new start in
/// between, fuses and evaluates; prints on stdout what each needs in memory and how long the sweep will take.
/// The scratch store goes away when all went well.
ExitStatus smoke(const Store& store, const Plan& plan, const std::set<std::string>& selected,
                 const std::function<std::filesystem::path(const Trajectory&)>& pack_of,
                 CoordinatorOptions options);

}  // namespace ablate
