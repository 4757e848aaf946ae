#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "harness/plan/plan.h"
#include "harness/run/coordinator.h"
#include "harness/run/exit_status.h"
#include "harness/run/store.h"

namespace ablate {

struct RunOptions {
  std::filesystem::path sweep;
  Overrides overrides;
  std::string only;  // a Selection
  CoordinatorOptions coordinator;
};

/// `ablate run`: checks, plans, packs the data, trains what is not there yet. Talks on stderr.
ExitStatus run_sweep(const Store& store, RunOptions options);

/// Prints problems, if there are any; false when one of them is an error.
bool report(const Problems& problems);

}  // namespace ablate
