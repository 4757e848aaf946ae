#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>

#include "ingredients/distill/logits.h"

namespace ablate::ingredients {
namespace {

/// The softened divergence and the teacher's entropy (times t^2): sum_c -p_t log p_s. Of equal gradient, and
/// not 0 when the student agrees.
at::Tensor softened_cross_entropy(const at::Tensor& student, const at::Tensor& teacher, double t) {
  const auto target = at::softmax(teacher / t, 1);
  return (target * at::log_softmax(student / t, 1)).sum() * (-t * t / double(student.size(0)));
}

class SoftenedDistillation final : public LogitDistillation {
 public:
  struct Params : LogitParams {
    Params() {
      kd_weight = 0.9;
      ce_weight = 0.1;
    }
    std::string form = "divergence";
  };
  explicit SoftenedDistillation(const Params& p) : LogitDistillation(p), p_(p) {}

 private:
  at::Tensor of_logits(const at::Tensor& student, const at::Tensor& teacher,
                       const at::Tensor&) const override {
    return p_.form == "divergence" ? softened_divergence(student, teacher, p_.temperature)
                                   : softened_cross_entropy(student, teacher, p_.temperature);
  }

  Params p_;
};

}  // namespace

IngredientEntry distill_logit() {
  using P = SoftenedDistillation::Params;
  return describe<SoftenedDistillation>(
      logit_header({.name = "distill.logit",
                    .doc = "Match the teacher's softened logits on the same pixels.",
                    .source = "Hinton, Vinyals, Dean 2015, arXiv:1503.02531",
                    .formula = "kd_weight * T^2 * mean_n sum_c p_t log(p_t / p_s), p = softmax(z / T), T = "
                               "temperature; form cross_entropy: kd_weight * T^2 * mean_n sum_c -p_t log p_s",
                    .interactions = "T^2 keeps the gradient's scale, so `kd_weight` need not follow "
                                    "`temperature`. `loss.label_smoothing` smooths the task term alone: "
                                    "beside a small `ce_weight` it does next to nothing."}),
      logit_fields<P>("RepDistiller's CIFAR setting")
          .add("form", &P::form, one_of({"divergence", "cross_entropy"}),
               "how the term is written down: without the teacher's entropy, or with it (GhostNetV3); "
               "gradients are equal",
               "the divergence, as RepDistiller"));
}

}  // namespace ablate::ingredients
