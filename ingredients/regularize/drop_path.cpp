#include <algorithm>

#include "harness/graph/rewrite.h"
#include "ingredients/ingredient.h"

namespace ablate::ingredients {
namespace {

std::int64_t count_nodes(const Graph& graph, Op op) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(),
                       [op](const Node& node) { return node.op == op; });
}

class DropPath final : public Ingredient {
 public:
  struct Params {
    double rate = 0.1;
    std::string growth = "from_zero";

    /// The rate of sum `i` of `n`, from the first.
    double at(std::int64_t i, std::int64_t n) const {
      if (growth == "constant") return rate;
      if (growth == "paper") return rate * double(i + 1) / double(n);
      return n == 1 ? rate : rate * double(i) / double(n - 1);
    }
  };
  explicit DropPath(const Params&) {}

  void begin(Setup& setup) override { paths_ = count_nodes(setup.graph(), Op::DropPath); }
  Counters counters() const override { return {{"paths", double(paths_)}}; }

 private:
  std::int64_t paths_ = 0;
};

/// Puts a drop-path on the branch of every residual sum; returns how many may drop.
int drop_paths(Graph& graph, const DropPath::Params& p) {
  const auto sums = count_nodes(graph, Op::Add);
  std::int64_t seen = 0;
  int changed = 0;
  for (Value value = 0; value < Value(graph.nodes.size()); ++value) {
    if (graph.nodes[value].op != Op::Add) continue;
    const double rate = p.at(seen++, sums);
    if (rate == 0) continue;
    value =
        insert_before(graph, value, 0, {.op = Op::DropPath, .path = graph.nodes[value].path, .rate = rate});
    ++value;  // the sum itself
    ++changed;
  }
  return changed;
}

}  // namespace

IngredientEntry regularize_drop_path() {
  using P = DropPath::Params;
  auto fields = Fields<P>{}
                    .add("rate", &P::rate, from_below(0, 1),
                         "how often the branch of the last residual sum is left out for a sample; what is "
                         "kept is scaled up",
                         "between the 0.05 and 0.2 of ImageNet recipes")
                    .add("growth", &P::growth, one_of({"from_zero", "paper", "constant"}),
                         "of the rate with depth, sum l of L: linear from 0 at the first, (l - 1) / (L - 1); "
                         "l / L; or the "
                         "same everywhere",
                         "timm; paper: Huang et al.");
  return describe<DropPath>(
      {.name = "regularize.drop_path",
       .stage = Stage::Graph,
       .doc = "Leave out residual branches at random, sample by sample (stochastic depth).",
       .source = "Huang et al. 2016, arXiv:1603.09382",
       .formula = "branch <- branch * b / (1 - r), b ~ Bernoulli(1 - r) for each image, r = rate (l - 1) / "
                  "(L - 1) at residual sum l of L; growth paper: rate * l / L; constant: rate",
       .interactions = "Only where there is a residual sum: a network with few of them has little to drop. "
                       "Evaluation and folded kernels know nothing of it.",
       .neutral = {nlohmann::json::object({{"rate", 0.0}})},
       .no_window = "the rates are part of the network's description",
       .counters = {"paths"},
       .rewrite = [fields](const nlohmann::json& settings,
                           Graph& graph) { return drop_paths(graph, fields.read(settings)); }},
      fields);
}

}  // namespace ablate::ingredients
