#include <fmt/format.h>

#include "harness/plan/designs.h"

namespace ablate {

Design grid(const DesignInput& input, Problems& problems) {
  Design design{.factors = factors_of(input, problems)};
  std::size_t cells = 1;
  for (const auto* factor : design.factors) {
    cells *= factor->levels.size() + 1;
    if (cells > kMostArms) {
      problems.error(input.place,
                     fmt::format("a grid of more than {} arms: vary fewer factors, or list arms", kMostArms));
      return design;
    }
  }
  std::vector<Combination> arms{{}};
  for (const auto* factor : design.factors) {
    std::vector<Combination> wider;
    for (const auto& arm : arms) {
      wider.push_back(arm);
      for (const auto& level : factor->levels) {
        wider.push_back(arm);
        wider.back().push_back({factor, &level});
      }
    }
    arms = std::move(wider);
  }
  arms.erase(arms.begin());  // the reference
  design.arms = std::move(arms);
  return design;
}

}  // namespace ablate
