#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/softmax.h>

#include "ingredients/distill/logits.h"

namespace ablate::ingredients {
namespace {

/// Mean over the rows of Pearson's correlation between a row of a and the same row of b.
at::Tensor mean_correlation(const at::Tensor& a, const at::Tensor& b) {
  const auto x = a - a.mean(1, true), y = b - b.mean(1, true);
  const auto norms = at::linalg_vector_norm(x, 2, {1}) * at::linalg_vector_norm(y, 2, {1});
  return ((x * y).sum(1) / (norms + 1e-8)).mean();
}

class CorrelationDistillation final : public LogitDistillation {
 public:
  struct Params : LogitParams {
    Params() { kd_weight = 2; }
    double beta = 1;
    double gamma = 1;
  };
  explicit CorrelationDistillation(const Params& p) : LogitDistillation(p), p_(p) {}

 private:
  /// Between the classes of each sample, and between the samples for each class (Huang et al. 2022).
  at::Tensor of_logits(const at::Tensor& student, const at::Tensor& teacher,
                       const at::Tensor&) const override {
    const double t = p_.temperature;
    const auto ours = at::softmax(student / t, 1), theirs = at::softmax(teacher / t, 1);
    const auto between_classes = 1 - mean_correlation(ours, theirs);
    const auto within_classes = 1 - mean_correlation(ours.t(), theirs.t());
    return between_classes * (t * t * p_.beta) + within_classes * (t * t * p_.gamma);
  }

  Params p_;
};

}  // namespace

IngredientEntry distill_dist() {
  using P = CorrelationDistillation::Params;
  auto header = logit_header(
      {.name = "distill.dist",
       .doc = "Correlate with the teacher's probabilities, over the classes and over the batch.",
       .source = "Huang et al. 2022, arXiv:2205.10536",
       .formula = "kd_weight * T^2 * [beta (1 - mean_n r_n) + gamma (1 - mean_c r_c)], r_n = Pearson's "
                  "correlation of p_s and p_t over the classes of a sample, r_c = over the samples for a "
                  "class, 1e-8 added to the product of norms; p = softmax(z / T), T = temperature",
       .interactions = "Its gradient goes with one over the spread of the student's probabilities, which a "
                       "fresh network has next to none of: with a high rate or `temperature` a training can "
                       "diverge at its start. The term of `gamma` depends on the size of the batch.",
       .refuses = relation_refusals});
  // a correlation's gradient goes with one over its norms, which a fresh network has next to none of
  header.trial = {{"kd_weight", 0.01}, {"temperature", 1.0}};
  return describe<CorrelationDistillation>(
      std::move(header), logit_fields<P>("DIST_KD's CIFAR setting; on ImageNet temperature 1")
                             .add("beta", &P::beta, at_least(0),
                                  "weight of the relation between the classes of a sample", "DIST_KD")
                             .add("gamma", &P::gamma, at_least(0),
                                  "weight of the relation between the samples for a class", "DIST_KD"));
}

}  // namespace ablate::ingredients
