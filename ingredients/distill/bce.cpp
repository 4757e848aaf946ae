#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/softmax.h>

#include "ingredients/distill/logits.h"

namespace ablate::ingredients {
namespace {

class BinaryDistillation final : public LogitDistillation {
 public:
  struct Params : LogitParams {
    Params() { temperature = 1; }
    std::string over_classes = "mean";
  };
  explicit BinaryDistillation(const Params& p) : LogitDistillation(p), p_(p) {}

 private:
  /// Each class of its own: the student's sigmoid against the teacher's softened probability.
  at::Tensor of_logits(const at::Tensor& student, const at::Tensor& teacher,
                       const at::Tensor&) const override {
    const auto mean = at::binary_cross_entropy_with_logits(student, at::softmax(teacher / p_.temperature, 1),
                                                           {}, {}, at::Reduction::Mean);
    return p_.over_classes == "mean" ? mean : mean * double(student.size(1));
  }

  Params p_;
};

std::vector<std::string> bce_distill_refusals(const nlohmann::json& settings, const RecipeView&) {
  if (!settings.at("standardize").get<bool>()) return {};
  return {
      "standardize takes the scale from the student's logits, and binary cross-entropy judges each logit by "
      "its scale; leave it off or take distill.logit"};
}

}  // namespace

IngredientEntry distill_bce() {
  using P = BinaryDistillation::Params;
  return describe<BinaryDistillation>(
      logit_header(
          {.name = "distill.bce",
           .doc = "Match the teacher's probability of each class by binary cross-entropy.",
           .source = "Hao et al. 2023, arXiv:2305.15781 (VanillaKD)",
           .formula = "kd_weight * mean_n mean_c [-p_t log sigmoid(z_s) - (1 - p_t) log(1 - sigmoid(z_s))], "
                      "p_t = softmax(z_t / T), T = temperature; over_classes sum: sum_c",
           .interactions = "Its authors take it beside `loss.bce`: a mean over classes is small beside a "
                           "cross-entropy. Not 0 where the student agrees with the teacher.",
           .refuses = bce_distill_refusals}),
      logit_fields<P>("VanillaKD; the teacher's logits alone are softened")
          .add("over_classes", &P::over_classes, one_of({"mean", "sum"}),
               "over the classes; over the batch it is a mean", "VanillaKD"));
}

}  // namespace ablate::ingredients
