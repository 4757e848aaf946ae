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
      logit_header("distill.wsld",
                   "Match the teacher's softened logits, less so where the student knows the label better.",
                   "Zhou et al. 2021, arXiv:2102.00650"),
      labelled_fields<P>("the authors' ImageNet setting"));
}

}  // namespace ablate::ingredients
