#pragma once

#include <set>
#include <string>
#include <vector>

#include "harness/core/params.h"
#include "harness/graph/rewrite.h"
#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// Of every re-parameterisation: 2 since the covariance that folds 1x1 branches is found in one pass, 3 since
/// depthwise branches add an input at a distance and at its opposite before they multiply, 4 since they go
/// through a map row by row and end their sums elsewhere, 5 since they sum 7 pixels of a row at a time where
/// its width is a multiple of 7, 6 since the weights of folded 1x1 branches are multiplied and added by
/// kernels of their own and the moments of small maps are summed over several images, 7 since depthwise
/// branches of few channels are summed over pairs of images, 8 since 1x1 depthwise branches that shrink a map
/// are worked out from what their tap sees, 9 since the statistics of branches that shrink a map are summed
/// from the centre on, and depthwise branches sum images of up to 256 pixels as a whole. All change last
/// digits.
inline constexpr int kRewritingVersion = 9;

/// What every re-parameterisation has.
struct RewritingParams {
  std::string start = "ones";
};

/// A rewritten network: how strongly its branches start, and nothing to do while it trains but to say how
/// many it gained.
class Rewriting : public Ingredient {
 public:
  explicit Rewriting(const RewritingParams& p) : start_(p.start) {}

  void initialise(Weights& weights, const Graph& graph) override {
    if (start_ == "ones") return;
    for (const auto& node : graph.nodes)
      if (node.branches.size() > 1)
        for (const auto& branch : node.branches) start(branch, node.branches.size(), weights);
  }
  void begin(Setup& setup) override {
    added_ = 0;
    for (const auto& node : setup.graph().nodes)
      if (node.branches.size() > 1) added_ += std::int64_t(node.branches.size()) - 1;
  }
  Counters counters() const override { return {{"branches_added", double(added_)}}; }

 private:
  /// By the weight of the branch's last BatchNorm.
  void start(const Branch& branch, std::size_t branches, Weights& weights) const {
    const double alone = branch.id == "0" ? 1 : 0;
    const double strength = start_ == "even" ? 1 / double(branches) : alone;
    for (auto link = branch.links.rbegin(); link != branch.links.rend(); ++link)
      if (link->kind == Link::Kind::Norm) {
        weights.at(link->name + ".weight").fill_(strength);
        return;
      }
  }

  std::string start_;
  std::int64_t added_ = 0;
};

template <class P>
Fields<P> rewriting_fields() {
  return Fields<P>{}.add(
      "start", &P::start, one_of({"ones", "even", "plain"}),
      "weight of each branch's last BatchNorm at the start: 1; 1 by the number of branches; or 1 for the "
      "unit's own kernel and 0 for the others, so that the network starts as the plain one",
      "ones: RepVGG, MobileOne, GhostNetV3; ACNet's code has even and plain, DBB's plain");
}

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
