#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "ingredients/augment/magnitude.h"

namespace ablate::ingredients {

/// An operation of a sub-policy; no level for one without a magnitude.
struct PolicyStep {
  Operation operation;
  double probability;
  int level = 0;  // of 10
};

using SubPolicies = std::array<std::array<PolicyStep, 2>, 25>;

/// A table that AutoAugment found, and whose convention its levels follow.
struct Policy {
  std::string name;
  SubPolicies pairs;
  std::optional<TimmScale> scale;  // timm's; none: torchvision's
};

const std::vector<Policy>& policies();
const Policy& policy_of(const std::string& name);

}  // namespace ablate::ingredients
