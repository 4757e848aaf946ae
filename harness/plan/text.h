#pragma once

#include <functional>
#include <string>

#include "harness/plan/plan.h"

namespace ablate {

/// How a plan is told.
struct PlanTextOptions {
  std::function<bool(const std::string& run)>
      done;              // true for the key of a run that is finished; null: none is
  bool origins = false;  // also which place each value came from
};

/// A plan for people: tables with their arms, per arm every key that differs from the reference, its seeds
/// and what is reused; teachers; notes.
std::string plan_text(const Plan& plan, const PlanTextOptions& options = {});

}  // namespace ablate
