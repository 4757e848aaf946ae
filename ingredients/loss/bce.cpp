#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>

#include "ingredients/counting.h"
#include "ingredients/loss/task_term.h"

namespace ablate::ingredients {
namespace {

class BinaryCrossEntropy final : public Counting {
 public:
  struct Params {
    std::string over_classes = "mean";
    std::optional<double> target_threshold;
  };
  explicit BinaryCrossEntropy(const Params& p) : Counting("batches"), p_(p) {}

  std::optional<at::Tensor> task_loss(const Step& step) override {
    const auto& targets = step.batch.targets;
    count();
    return loss(step.student.logits.narrow(0, 0, targets.size(0)), targets);
  }

 private:
  /// Of logits and targets [N, C], one-hot or soft: every class is a yes or no of its own.
  at::Tensor loss(const at::Tensor& logits, const at::Tensor& targets) const {
    const auto wanted =
        p_.target_threshold ? targets.gt(*p_.target_threshold).to(targets.scalar_type()) : targets;
    const auto mean = at::binary_cross_entropy_with_logits(logits, wanted, {}, {}, at::Reduction::Mean);
    return p_.over_classes == "mean" ? mean : mean * double(logits.size(1));
  }

  Params p_;
};

std::vector<std::string> binary_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = task_term_refusals(recipe);
  if (!settings.at("target_threshold").is_null() && recipe.on("loss", "label_smoothing"))
    reasons.push_back(
        "target_threshold makes every target 0 or 1, which leaves nothing of loss.label_smoothing; drop one "
        "of them");
  return reasons;
}

}  // namespace

IngredientEntry loss_bce() {
  using P = BinaryCrossEntropy::Params;
  return describe<BinaryCrossEntropy>(
      {.name = "loss.bce",
       .stage = Stage::Loss,
       .doc = "Judge each class by binary cross-entropy, in place of cross-entropy over all.",
       .source = "Wightman et al. 2021, arXiv:2110.00476; timm's BinaryCrossEntropy",
       .formula = "mean_n mean_c [-q log sigmoid(z) - (1 - q) log(1 - sigmoid(z))], q = the target; "
                  "target_threshold: q = 1 above it, 0 elsewhere; over_classes sum: sum_c",
       .interactions = "A mean over classes is about K times smaller than their sum, so every other term "
                       "weighs more beside it. `loss.label_smoothing` makes every other class wanted by a "
                       "little. `regularize.adversarial` attacks by cross-entropy all the same.",
       .task_term = true,
       .no_neutral = "it is another loss, whatever its settings",
       .counters = {"batches"},
       .refuses = binary_refusals},
      Fields<P>{}
          .add(
              "over_classes", &P::over_classes, one_of({"mean", "sum"}),
              "over the classes; over the batch it is a mean. The sum is K times the mean: the learning rate "
              "that fits one does not fit the other",
              "timm")
          .add("target_threshold", &P::target_threshold, from_below(0, 1),
               "targets above it count as 1, others as 0, so that every class mixed into an image is wanted "
               "whole; null leaves them as they are",
               "timm; 0.2 in its A1 to A3 recipes"));
}

}  // namespace ablate::ingredients
