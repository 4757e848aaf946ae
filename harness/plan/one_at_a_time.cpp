#include "harness/plan/designs.h"

namespace ablate {

Design one_at_a_time(const DesignInput& input, Problems& problems) {
  Design design{.factors = factors_of(input, problems)};
  for (const auto* factor : design.factors)
    for (const auto& level : factor->levels) design.arms.push_back({{factor, &level}});
  return design;
}

}  // namespace ablate
