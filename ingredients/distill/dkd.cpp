#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>

#include <limits>

#include "ingredients/distill/logits.h"

namespace ablate::ingredients {
namespace {

/// log p(y) and log(1 - p(y)) of each row, the latter as a sum over the other classes: [N, 2].
at::Tensor target_and_rest(const at::Tensor& logits, const at::Tensor& mask) {
  constexpr double kNothing = -std::numeric_limits<double>::infinity();
  const auto target = at::logsumexp(logits.masked_fill(~mask, kNothing), 1, true);
  const auto rest = at::logsumexp(logits.masked_fill(mask, kNothing), 1, true);
  return at::log_softmax(at::cat({target, rest}, 1), 1);
}

/// Sum over the batch of KL(teacher || student), from log-probabilities.
at::Tensor divergence_sum(const at::Tensor& student, const at::Tensor& teacher) {
  return (teacher.exp() * (teacher - student)).sum();
}

/// Of (target, rest): how sure the teacher is of each sample. Zhao et al. 2022.
at::Tensor target_class_term(const at::Tensor& student, const at::Tensor& teacher, const at::Tensor& mask) {
  return divergence_sum(target_and_rest(student, mask), target_and_rest(teacher, mask));
}

/// Of the other classes among themselves: what the teacher knows beyond the label.
at::Tensor other_classes_term(const at::Tensor& student, const at::Tensor& teacher, const at::Tensor& mask) {
  const auto log_target = log_softmax_outside(teacher, mask);
  const auto difference = log_target - log_softmax_outside(student, mask);
  return (log_target.exp().masked_fill(mask, 0) * difference).sum();
}

class DecoupledDistillation final : public LogitDistillation {
 public:
  struct Params : LogitParams {
    Params() { warmup_epochs = 20; }
    double alpha = 1;
    double beta = 8;
  };
  explicit DecoupledDistillation(const Params& p) : LogitDistillation(p), p_(p) {}

 private:
  at::Tensor of_logits(const at::Tensor& student, const at::Tensor& teacher,
                       const at::Tensor& targets) const override {
    const double t = p_.temperature, scale = t * t / double(student.size(0));
    const auto mask = target_class(targets);
    const auto softened = student / t, softened_teacher = teacher / t;
    return target_class_term(softened, softened_teacher, mask) * (p_.alpha * scale) +
           other_classes_term(softened, softened_teacher, mask) * (p_.beta * scale);
  }

  Params p_;
};

}  // namespace

IngredientEntry distill_dkd() {
  using P = DecoupledDistillation::Params;
  return describe<DecoupledDistillation>(
      labelled_header(
          {.name = "distill.dkd",
           .doc = "Match how sure the teacher is of the label, and its other classes among themselves, "
                  "weighted apart.",
           .source = "Zhao et al. 2022, arXiv:2203.08679",
           .formula = "kd_weight * T^2 * mean_n [alpha KL(b_t || b_s) + beta sum_{c != y} q_t log(q_t / "
                      "q_s)], b = (p_y, 1 - p_y), q = p / (1 - p_y), p = softmax(z / T), T = temperature, y "
                      "= the label's class"}),
      labelled_fields<P>("mdistiller's CIFAR setting, whose weight rises over 20 of 240 epochs")
          .add("alpha", &P::alpha, at_least(0), "weight of the label against the rest", "mdistiller")
          .add("beta", &P::beta, at_least(0), "weight of the other classes",
               "mdistiller: 8 for most pairs of CIFAR, 0.5 to 2 on ImageNet"));
}

}  // namespace ablate::ingredients
