#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>

#include "ingredients/distill/logits.h"

namespace ablate::ingredients {
namespace {

/// Sum over the batch of -p_t(y) log p_s(y), at temperature 1 (Yang et al. 2023).
at::Tensor weighted_target(const at::Tensor& student, const at::Tensor& teacher, const at::Tensor& mask) {
  const auto agreement = at::softmax(teacher, 1) * at::log_softmax(student, 1);
  return -agreement.masked_select(mask).sum();
}

/// Sum over the batch of the cross-entropy between the other classes, each side made a distribution.
at::Tensor normalised_others(const at::Tensor& student, const at::Tensor& teacher, const at::Tensor& mask) {
  const auto target = log_softmax_outside(teacher, mask).exp().masked_fill(mask, 0);
  return -(target * log_softmax_outside(student, mask)).sum();
}

class NormalisedDistillation final : public LogitDistillation {
 public:
  struct Params : LogitParams {
    Params() { temperature = 1; }
    double gamma = 1.5;
  };
  explicit NormalisedDistillation(const Params& p) : LogitDistillation(p), p_(p) {}

 private:
  at::Tensor of_logits(const at::Tensor& student, const at::Tensor& teacher,
                       const at::Tensor& targets) const override {
    const double t = p_.temperature, samples = double(student.size(0));
    const auto mask = target_class(targets);
    return weighted_target(student, teacher, mask) / samples +
           normalised_others(student / t, teacher / t, mask) * (p_.gamma * t * t / samples);
  }

  Params p_;
};

}  // namespace

IngredientEntry distill_nkd() {
  using P = NormalisedDistillation::Params;
  return describe<NormalisedDistillation>(
      labelled_header({.name = "distill.nkd",
                       .doc = "Weigh the label by the teacher's confidence, and match the other classes made "
                              "a distribution.",
                       .source = "Yang et al. 2023, arXiv:2303.13005",
                       .formula = "kd_weight * mean_n [-p_t(y) log p_s(y) - gamma T^2 sum_{c != y} q_t log "
                                  "q_s], p = softmax(z), q = softmax(z / T) over the classes but y, T = "
                                  "temperature, y = the label's class",
                       .interactions = "Not 0 where the student agrees with the teacher. Several `teachers` "
                                       "are averaged at `temperature` for the label's term too."}),
      labelled_fields<P>("cls_KD's ImageNet setting; the temperature softens the other classes only")
          .add("gamma", &P::gamma, at_least(0), "weight of the other classes", "cls_KD"));
}

}  // namespace ablate::ingredients
