#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>

#include "ingredients/counting.h"

namespace ablate::ingredients {
namespace {

/// Mean over the batch of (KL(p || q) + KL(q || p)) / 2 between predictions, logits [N, C] (Wu et al. 2021).
at::Tensor symmetric_divergence(const at::Tensor& logits, const at::Tensor& others) {
  const auto log_p = at::log_softmax(logits, 1), log_q = at::log_softmax(others, 1);
  return ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum() / (2.0 * double(logits.size(0)));
}

at::Tensor cross_entropy_of(const at::Tensor& logits, const at::Tensor& targets) {
  const auto judged = logits.narrow(0, 0, targets.size(0));
  return (targets * at::log_softmax(judged, 1)).sum() / -double(targets.size(0));
}

class RDrop final : public Counting {
 public:
  struct Params {
    double weight = 0.6;
    std::string task = "both";
  };
  explicit RDrop(const Params& p) : Counting("batches"), p_(p) {}

  void begin(Setup& setup) override {
    name_ = setup.name();
    auto draw = setup.stream(name_).at(0, 0);
    other_seed_ = (std::uint64_t(draw.bits()) << 32) | draw.bits();
  }
  void add_loss(const Step& step, Loss& loss) override {
    auto other = step.pass;
    other.seed = other_seed_;
    other.update_statistics = false;
    other.taps.clear();
    const auto logits = step.network.forward(step.batch.images, other).logits;
    if (p_.task == "both") share_task(cross_entropy_of(logits, step.batch.targets), loss);
    loss.add(name_, p_.weight, symmetric_divergence(step.student.logits, logits));
    count();
  }

 private:
  /// The task term becomes the mean of both passes'.
  void share_task(const at::Tensor& value, Loss& loss) const {
    const auto task = std::find_if(loss.terms().begin(), loss.terms().end(),
                                   [](const Loss::Term& term) { return term.name == "task"; });
    if (task == loss.terms().end()) return;
    const double half = task->weight / 2;
    loss.scale("task", 0.5);
    loss.add(name_ + ".task", half, value);
  }

  Params p_;
  std::string name_;
  std::uint64_t other_seed_ = 0;
};

/// Whether two passes differ at all; unknown networks are believed.
bool has_noise(const RecipeView& recipe) {
  const auto acts = [](const nlohmann::json* settings) {
    return settings && settings->value("rate", 0.1) > 0;
  };
  if (acts(recipe.on("regularize", "drop_path"))) return true;
  if (const auto* dropout = recipe.on("regularize", "dropout")) return acts(dropout);
  const auto backbone = recipe.recipe.find("backbone");
  if (backbone == recipe.recipe.end() || !backbone->is_object() || backbone->empty()) return true;
  return backbone->begin()->value("dropout", 0.0) > 0;
}

std::vector<std::string> r_drop_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  std::vector<std::string> reasons;
  if (!has_noise(recipe))
    reasons.push_back(
        "two passes without dropout or drop-path are equal, so there is nothing to bring together; add "
        "regularize.dropout or regularize.drop_path");
  if (settings.at("task") == "both" && recipe.on("loss", "bce"))
    reasons.push_back(
        "task 'both' judges the second pass by cross-entropy, and loss.bce the first by another loss; set "
        "task to 'first' or take loss.bce off");
  return reasons;
}

}  // namespace

IngredientEntry regularize_r_drop() {
  using P = RDrop::Params;
  return describe<RDrop>(
      {.name = "regularize.r_drop",
       .stage = Stage::Regularize,
       .doc = "Run each batch twice with other dropout draws and bring the two predictions together.",
       .source = "Wu et al. 2021, arXiv:2106.14448",
       .formula = "weight * mean_n [KL(p || q) + KL(q || p)] / 2, p, q = both predictions; task both: the "
                  "task term is the mean of both passes'",
       .interactions = "A second forward and backward pass every step, with BatchNorm's statistics left "
                       "alone. Distillation looks at the first pass only.",
       .neutral = {nlohmann::json::object({{"weight", 0.0}, {"task", "first"}})},
       .counters = {"batches"},
       .refuses = r_drop_refusals},
      Fields<P>{}
          .add("weight", &P::weight, at_least(0), "of the divergence between the two predictions",
               "the paper's image classification")
          .add("task", &P::task, one_of({"both", "first"}),
               "the task term: the mean of both passes', or the first's alone", "the paper"));
}

}  // namespace ablate::ingredients
