#include <set>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include "harness/execute/operations.h"
#include "harness/graph/rewrite.h"
#include "ingredients/counting.h"

namespace ablate::ingredients {
namespace {

/// One convolution with its BatchNorm within the kernel that its unit folds to.
struct Part {
  at::Tensor kernel, scale, variance;  // [out, in / groups, h, w], [out], [out]
  std::int64_t top = 0, left = 0;      // its place in the unit's kernel

  /// By what BatchNorm multiplies each output channel: gamma / sqrt(variance + eps), [out, 1, 1, 1].
  at::Tensor factor() const { return (scale / (variance + kNormEpsilon).sqrt()).reshape({-1, 1, 1, 1}); }
  at::Tensor window(const at::Tensor& whole) const {
    return whole.narrow(2, top, kernel.size(2)).narrow(3, left, kernel.size(3));
  }
};

/// Adds to the gradient of each part that of weight / 2 x sum of K^2 / s, where K = sum_i t_i K_i is the
/// kernel that the parts fold to, t_i their factors (taken as constants) and s the sum of t_i^2 of those that
/// reach a position (RepVGG: Ding et al. 2021, arXiv:2101.03697; the authors' get_custom_L2).
void add_decay(const std::vector<Part>& parts, const std::vector<std::int64_t>& shape, double weight) {
  auto kernel = at::zeros(shape, parts[0].kernel.options()), reach = at::zeros(shape, kernel.options());
  std::vector<at::Tensor> factors;
  for (const auto& part : parts) {
    factors.push_back(part.factor());
    part.window(kernel).add_(part.kernel * factors.back());
    part.window(reach).add_(factors.back() * factors.back());
  }
  constexpr double kNothing = 1e-12;  // where no branch has a say there is nothing to divide
  kernel.div_(reach.clamp_min_(kNothing)).mul_(weight);
  for (std::size_t i = 0; i < parts.size(); ++i)
    parts[i].kernel.grad().add_(parts[i].window(kernel) * factors[i]);
}

class EquivalentDecay final : public Counting {
 public:
  struct Params {
    double weight = 1e-4;
  };
  explicit EquivalentDecay(const Params& p) : Counting("updates"), p_(p) {}

  void begin(Setup& setup) override {
    for (const auto& node : setup.graph().nodes)
      if (node.branches.size() > 1) add_unit(node, setup.weights());
  }
  /// The optimizer leaves these kernels alone.
  void group(ParameterSet& set) override {
    if (set.name != "student") return;
    for (std::size_t i = 0; i < set.segments->size(); ++i)
      if (decayed_.contains((*set.segments)[i].name)) set.decay_scale.at(i) = 0;
  }
  void after_backward(Update&) override {
    for (const auto& unit : units_) add_decay(unit.parts, unit.shape, p_.weight);
    count(!units_.empty());
  }

 private:
  struct BranchedUnit {
    std::vector<Part> parts;
    std::vector<std::int64_t> shape;  // of the kernel that they fold to
  };

  void add_unit(const Node& node, const Weights& weights) {
    const Link target = merged_convolution(node);
    BranchedUnit unit{{}, {target.out, target.in / target.groups, target.kernel_height, target.kernel_width}};
    for (const auto& branch : node.branches) {
      if (branch.links.size() != 2 || branch.links[0].kind != Link::Kind::Conv) continue;
      const auto &conv = branch.links[0], &norm = branch.links[1];
      unit.parts.push_back({weights.at(conv.name + ".weight"), weights.at(norm.name + ".weight"),
                            weights.at(norm.name + ".running_var"), target.pad_height - conv.pad_height,
                            target.pad_width - conv.pad_width});
      decayed_.insert(conv.name + ".weight");
    }
    if (!unit.parts.empty()) units_.push_back(std::move(unit));
  }

  Params p_;
  std::vector<BranchedUnit> units_;
  std::set<std::string> decayed_;
};

std::vector<std::string> equivalent_decay_refusals(const nlohmann::json&, const RecipeView& recipe) {
  if (!recipe.has("reparam"))
    return {"no reparam is on, so every kernel is its own equivalent; use the optimizer's weight_decay"};
  if (recipe.on("reparam", "dbb"))
    return {
        "reparam.dbb has chains of convolutions, whose kernel is a product of weights; take reparam.branches "
        "or reparam.acb, or leave this out"};
  return {};
}

}  // namespace

IngredientEntry regularize_equivalent_decay() {
  using P = EquivalentDecay::Params;
  Range above = between(0, 1);
  above.open_low = true;
  return describe<EquivalentDecay>(
      {.name = "regularize.equivalent_decay",
       .stage = Stage::Gradient,
       .doc = "Decay the kernel that a unit's branches fold to, instead of each branch's own.",
       .source =
           "Ding et al. 2021, RepVGG, arXiv:2101.03697 (the authors' code, which calls its effect small)",
       .formula =
           "gradient of weight / 2 * sum K^2 / s, K = sum_i t_i K_i, t_i = gamma_i / sqrt(var_i + eps) held "
           "constant, s = sum of t_i^2 of the branches that reach a position",
       .interactions =
           "The optimizer's own weight_decay leaves these kernels alone and still reaches all others. It "
           "is part of the gradient, so adaptive optimizers (adamw, lamb, lion) scale it, unlike their "
           "own. The identity branch, which has no kernel, takes no part.",
       .no_neutral = "without it the optimizer decays each branch: leave it out for that",
       .no_window = "what the optimizer's own decay reaches is decided once, before training",
       .counters = {"updates"},
       .trial = {{"weight", 0.1}},
       .trial_beside = {{"reparam", {{"branches", nlohmann::json::object()}}}},
       .refuses = equivalent_decay_refusals},
      Fields<P>{}.add("weight", &P::weight, above, "weight of the decay", "RepVGG's weight decay"));
}

}  // namespace ablate::ingredients
