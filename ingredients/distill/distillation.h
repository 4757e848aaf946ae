#pragma once

#include <optional>
#include <string>

#include "ingredients/counting.h"

namespace ablate::ingredients {

/// What every distillation has.
struct DistillParams {
  double kd_weight = 1;
  double ce_weight = 1;
  int warmup_epochs = 0;
};

/// What those from a declared teacher have.
struct TaughtParams : DistillParams {
  TeacherRef teacher;
};

/// A term that draws the student towards a teacher, beside the task term. What is compared, and how, is the
/// matter of the two bases below it: `LogitDistillation` and `TappedDistillation`.
class Distillation : public Counting {
 public:
  void begin(Setup& setup) final;
  std::optional<double> task_weight() const final { return p_.ce_weight; }
  void add_loss(const Step& step, Loss& loss) final;

 protected:
  explicit Distillation(const DistillParams& p) : Counting("batches"), p_(p) {}
  /// Asks for what `value` needs.
  virtual void prepare(Setup& setup) = 0;
  /// The term, without its weight.
  virtual at::Tensor value(const Step& step) = 0;

 private:
  DistillParams p_;
  std::string name_;
};

using Refusals = std::function<std::vector<std::string>(const nlohmann::json&, const RecipeView&)>;

/// The reasons of all of them; empty ones have none.
Refusals together(std::vector<Refusals> parts);

/// With the declaration that all share: a loss, neutral without weight, refused where the weights make no
/// sense and for the header's own reasons.
IngredientHeader distill_header(IngredientHeader header);
/// The same for those from a declared teacher.
IngredientHeader taught_header(IngredientHeader header);

/// For losses that compare the samples of a batch with each other: their value depends on how many there are.
std::vector<std::string> relation_refusals(const nlohmann::json& settings, const RecipeView& recipe);

/// `first`, and the parameters that all share. `weights` says where the defaults of both weights come from.
template <class P>
Fields<P> distill_fields(const std::string& weights, Fields<P> first = {}) {
  return first.add("kd_weight", &P::kd_weight, at_least(0), "weight of this term", weights)
      .add("ce_weight", &P::ce_weight, at_least(0), "weight of the task term", weights)
      .add("warmup_epochs", &P::warmup_epochs, at_least(0),
           "first epochs of the training, over which the weight of this term rises linearly: 1/n, 2/n, ...",
           "none, but for the 20 of DKD and ReviewKD, as mdistiller");
}

/// The same for those from a declared teacher.
template <class P>
Fields<P> taught_fields(const std::string& weights) {
  return distill_fields(weights,
                        Fields<P>{}.add("teacher", &P::teacher, any(), "whose outputs to match").required());
}

}  // namespace ablate::ingredients
