#include <ATen/ATen.h>

#include "ingredients/ingredient.h"

namespace ablate::ingredients {
namespace {

/// Minus the mean entropy of the predictions that logits [N, C] stand for (Pereyra et al. 2017).
at::Tensor negative_entropy(const at::Tensor& logits) {
  const auto log_p = at::log_softmax(logits, 1);
  return (log_p.exp() * log_p).sum(1).mean();
}

class ConfidencePenalty final : public Ingredient {
 public:
  struct Params {
    double weight = 0.1;
  };
  explicit ConfidencePenalty(const Params& p) : p_(p) {}

  void add_loss(const Step& step, Loss& loss) override {
    loss.add("confidence_penalty", p_.weight, negative_entropy(step.student.logits));
    ++steps_;
  }
  void save(Archive& archive) const override { archive.values["steps"] = steps_; }
  void load(const Archive& archive) override { steps_ = archive.values.at("steps"); }
  Counters counters() const override { return {{"steps", double(steps_)}}; }

 private:
  Params p_;
  std::int64_t steps_ = 0;
};

}  // namespace

IngredientEntry loss_confidence_penalty() {
  using P = ConfidencePenalty::Params;
  return describe<ConfidencePenalty>(
      {.name = "loss.confidence_penalty",
       .stage = Stage::Loss,
       .doc = "Ask for predictions that are less sure of themselves.",
       .source = "Pereyra et al. 2017, arXiv:1701.06548",
       .neutral = {nlohmann::json::object({{"weight", 0.0}})},
       .counters = {"steps"}},
      Fields<P>{}.add("weight", &P::weight, at_least(0), "weight of this term"));
}

}  // namespace ablate::ingredients
