#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/plan/sweep.h"

namespace ablate {

/// What a design is read with.
struct DesignInput {
  Sweep& sweep;
  const Combination& at;  // levels that the panel fixes
  const Tree* arguments;  // null: all factors
  Place place;            // of the design's name
};

/// A way to combine levels into arms: one file each, listed in designs.cpp.
struct DesignKind {
  std::string name;
  std::string doc;
  nlohmann::json arguments;  // JSON Schema
  Design (*read)(const DesignInput& input, Problems& problems);
};

const std::vector<DesignKind>& design_kinds();
const DesignKind* find_design(const std::string& name);
std::vector<std::string> design_names();

/// More arms than this are a mistake, not a sweep.
constexpr std::size_t kMostArms = 20000;

/// The factors that the arguments list; without arguments all that the panel does not fix.
std::vector<const Factor*> factors_of(const DesignInput& input, Problems& problems);
/// JSON Schema of a list of names.
nlohmann::json names_schema();

Design one_at_a_time(const DesignInput& input, Problems& problems);
Design leave_one_out(const DesignInput& input, Problems& problems);
Design grid(const DesignInput& input, Problems& problems);
Design list_of_arms(const DesignInput& input, Problems& problems);

}  // namespace ablate
