#pragma once

#include <filesystem>
#include <optional>

#include "harness/run/exit_status.h"

namespace ablate {

/// Trains the trajectory in `folder` as its spec and request say and writes nowhere else but the caches.
/// Holds the folder's lock for its whole life: the one handed over as `lock_descriptor`, or one of its own.
/// What it prints goes to log.txt.
ExitStatus work(const std::filesystem::path& folder, std::optional<int> lock_descriptor);

}  // namespace ablate
