#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>

#include "ingredients/distill/logits.h"

namespace ablate::ingredients {
namespace {

/// -log p(y) of each row: [N].
at::Tensor surprise(const at::Tensor& logits, const at::Tensor& mask) {
  return -at::log_softmax(logits, 1).masked_select(mask);
}

/// 1 - exp(-CE_s / CE_t): small for samples that the student knows better than its teacher; without gradient
/// (Zhou et al. 2021).
at::Tensor sample_weights(const at::Tensor& student, const at::Tensor& teacher, const at::Tensor& mask) {
  return 1 - (-surprise(student.detach(), mask) / (surprise(teacher, mask) + 1e-7)).exp();
}

class WeightedDistillation final : public LogitDistillation {
 public:
  struct Params : LogitParams {
    Params() {
      temperature = 2;
      kd_weight = 2.5;
    }
  };
  explicit WeightedDistillation(const Params& p) : LogitDistillation(p), p_(p) {}

 private:
  at::Tensor of_logits(const at::Tensor& student, const at::Tensor& teacher,
                       const at::Tensor& targets) const override {
    const double t = p_.temperature;
    const auto of_samples = -(at::softmax(teacher / t, 1) * at::log_softmax(student / t, 1)).sum(1);
    return (sample_weights(student, teacher, target_class(targets)) * of_samples).mean() * (t * t);
  }

  Params p_;
};

}  // namespace

IngredientEntry distill_wsld() {
  using P = WeightedDistillation::Params;
  return describe<WeightedDistillation>(
      labelled_header(
          {.name = "distill.wsld",
           .doc = "Match the teacher's softened logits, less so where the student knows the label better.",
           .source = "Zhou et al. 2021, arXiv:2102.00650",
           .formula = "kd_weight * T^2 * mean_n w_n sum_c -p_t log p_s, w_n = 1 - exp(-CE_s / (CE_t + 1e-7)) "
                      "without gradient, CE = -log softmax(z)_y, p = softmax(z / T), T = temperature, y = "
                      "the label's class",
           .interactions = "Not 0 where the student agrees with the teacher. A teacher that is sure of a "
                           "label gives its sample the full weight.",
           // ten times the task's gradient at the default, and at the default rate a fresh network diverges
           .trial = {{"kd_weight", 0.25}}}),
      labelled_fields<P>("the authors' ImageNet setting"));
}

}  // namespace ablate::ingredients
