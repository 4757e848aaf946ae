#pragma once

#include <set>
#include <string>
#include <vector>

#include "harness/graph/rewrite.h"
#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// A rewritten network: nothing to do while it trains but to say how many branches it gained.
class Rewriting : public Ingredient {
 public:
  void begin(Setup& setup) override {
    added_ = 0;
    for (const auto& node : setup.graph().nodes)
      if (node.branches.size() > 1) added_ += std::int64_t(node.branches.size()) - 1;
  }
  Counters counters() const override { return {{"branches_added", double(added_)}}; }

 private:
  std::int64_t added_ = 0;
};

/// What sums of branches do to others.
inline constexpr const char* kBranched =
    "Weight decay acts on each branch, so what it does to the folded kernel depends on how many there are. "
    "Folding is exact with the statistics of evaluation, and is that of the average where one is reported; "
    "costs of training are those of all branches.";
inline constexpr const char* kOneForm = "the network has one form throughout its training";

inline std::vector<std::string> names_of(const std::set<Role>& roles) {
  std::vector<std::string> names;
  for (const auto role : roles) names.push_back(name_of(role));
  return names;
}

inline std::set<Role> roles_named(const std::vector<std::string>& names) {
  std::set<Role> roles;
  for (const auto& name : names) roles.insert(role_named(name));
  return roles;
}

/// Those of the kernels larger than 1x1 that all three networks have: where asymmetric and chained branches
/// have a meaning.
inline std::vector<std::string> roles_with_area() {
  return names_of({Role::Dense, Role::Cheap, Role::Downsample, Role::Depthwise});
}

}  // namespace ablate::ingredients
