#pragma once

#include <set>
#include <string>

#include "harness/plan/plan.h"

namespace ablate {

/// Which arms and seeds of a sweep are meant: "distill=DKD,seed=3". Terms of one name add up, terms of
/// different names must all hold: factor=label, backbone=label, seed=n, and `reference` alone.
class Selection {
 public:
  /// An empty text selects everything. A name or label that the plan does not have is a problem.
  Selection(const std::string& text, const Plan& plan, Problems& problems);

  bool selects(const Arm& arm, std::uint64_t seed) const;
  /// The keys of all selected runs, without teachers.
  std::set<std::string> runs(const Plan& plan) const;

 private:
  std::map<std::string, std::set<std::string>> terms_;
};

}  // namespace ablate
