#include <set>

#include "ingredients/counting.h"

namespace ablate::ingredients {
namespace {

/// Names of the last BatchNorm weights of the units whose sum a map is, branches all of them: through
/// concatenations, slices, drop-path and gates. A unit with an activation is no end of a residual: at zero it
/// would not learn.
void last_norms(const Graph& graph, Value value, std::set<std::string>& names) {
  const auto& node = graph.nodes[std::size_t(value)];
  switch (node.op) {
    case Op::Unit:
      if (node.activation != Activation::None) return;
      for (const auto& branch : node.branches)
        if (const auto& last = branch.links.back(); last.kind == Link::Kind::Norm)
          names.insert(last.name + ".weight");
      return;
    case Op::Concat:
      for (const Value input : node.inputs) last_norms(graph, input, names);
      return;
    case Op::Slice:
    case Op::Dropout:
    case Op::DropPath:
    case Op::Multiply:
      return last_norms(graph, node.inputs.front(), names);
    default:
      return;
  }
}

/// Those of every sum with a shortcut, which is its last input.
std::set<std::string> residual_norms(const Graph& graph) {
  std::set<std::string> names;
  for (const auto& node : graph.nodes)
    if (node.op == Op::Add)
      for (std::size_t i = 0; i + 1 < node.inputs.size(); ++i) last_norms(graph, node.inputs[i], names);
  return names;
}

class ZeroGamma final : public Counting {
 public:
  struct Params {};
  explicit ZeroGamma(const Params&) : Counting("tensors_zeroed") {}

  void initialise(Weights& weights, const Graph& graph) override {
    for (const auto& name : residual_norms(graph)) {
      at::Tensor(weights.at(name)).zero_();
      count();
    }
  }
};

std::vector<std::string> zero_gamma_refusals(const nlohmann::json&, const RecipeView& recipe) {
  const auto train = recipe.recipe.value("train", nlohmann::json::object());
  if (train.value("init", nlohmann::json()).is_null()) return {};
  return {"it changes fresh weights, and train.init reads them from a file; leave one of the two out"};
}

/// Changes nothing in the description: that there is nothing to change is the sweep's mistake.
int residual_norm_count(const nlohmann::json&, Graph& graph) {
  return int(residual_norms(graph).size());
}

}  // namespace

IngredientEntry regularize_zero_gamma() {
  return describe<ZeroGamma>(
      {.name = "regularize.zero_gamma",
       .stage = Stage::Regularize,
       .doc = "Residual blocks begin as their shortcut: the scale of the last "
              "BatchNorm before each sum starts at zero.",
       .source = "Goyal et al. 2017, arXiv:1706.02677",
       .formula = "y = shortcut + BN(branch), gamma of BN = 0 at first: y = shortcut",
       .interactions = "With `reparam` all branches of that unit start at 0. `regularize.agc` lets a scale "
                       "at 0 grow by its eps only, and `optimizer.lamb` gives it the ratio 1.",
       .no_neutral = "it has no settings: absent, every scale begins at one",
       .no_window = "it changes weights before training",
       .counters = {"tensors_zeroed"},
       .refuses = zero_gamma_refusals,
       .rewrite = residual_norm_count},
      Fields<ZeroGamma::Params>{});
}

}  // namespace ablate::ingredients
