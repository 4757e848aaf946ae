#include <algorithm>

#include "harness/graph/rewrite.h"
#include "ingredients/ingredient.h"

namespace ablate::ingredients {
namespace {

bool is_dropout(const Node& node) {
  return node.op == Op::Dropout;
}

/// Before the classifier, where the network has none.
int insert_dropout(Graph& graph, double rate) {
  if (rate == 0) return 0;
  const auto last_linear = std::find_if(graph.nodes.rbegin(), graph.nodes.rend(),
                                        [](const Node& node) { return node.op == Op::Linear; });
  if (last_linear == graph.nodes.rend()) return 0;
  const auto classifier = Value(graph.nodes.rend() - last_linear) - 1;
  insert_before(graph, classifier, 0, {.op = Op::Dropout, .path = "dropout", .rate = rate});
  return 1;
}

int set_dropout(Graph& graph, double rate) {
  int changed = 0;
  for (auto& node : graph.nodes)
    if (is_dropout(node)) {
      node.rate = rate;
      ++changed;
    }
  return changed > 0 ? changed : insert_dropout(graph, rate);
}

class Dropout final : public Ingredient {
 public:
  struct Params {
    double rate = 0.2;
  };
  explicit Dropout(const Params&) {}

  void begin(Setup& setup) override {
    const auto& nodes = setup.graph().nodes;
    layers_ = std::count_if(nodes.begin(), nodes.end(), is_dropout);
  }
  Counters counters() const override { return {{"layers", double(layers_)}}; }

 private:
  std::int64_t layers_ = 0;
};

}  // namespace

IngredientEntry regularize_dropout() {
  using P = Dropout::Params;
  auto fields =
      Fields<P>{}.add("rate", &P::rate, from_below(0, 1),
                      "share of the features that a training pass sets to zero; 0 takes out what the "
                      "backbone has",
                      "MobileNetV2, GhostNetV2");
  return describe<Dropout>(
      {.name = "regularize.dropout",
       .stage = Stage::Graph,
       .doc = "Drop features before the classifier, at this rate instead of the backbone's own.",
       .source = "Srivastava et al. 2014",
       .formula = "x <- x * b / (1 - rate), b ~ Bernoulli(1 - rate) for each feature",
       .interactions =
           "Replaces the rates of all dropout that the backbone has. Evaluation knows nothing of it.",
       .no_neutral = "it replaces the rate that the backbone has, so 0 is a setting of its own",
       .no_window = "the rate is part of the network's description",
       .counters = {"layers"},
       .rewrite = [fields](const nlohmann::json& settings,
                           Graph& graph) { return set_dropout(graph, fields.read(settings).rate); }},
      fields);
}

}  // namespace ablate::ingredients
