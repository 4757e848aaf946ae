#pragma once

#include <string>
#include <vector>

#include "harness/plan/plan.h"

namespace ablate {

/// What a reader should know before computing anything: rows that are the same runs, runs that are one
/// training, and tables whose seeds cannot reach significance. Keys may still be provisional.
std::vector<std::string> notes_on(const Plan& plan);

}  // namespace ablate
