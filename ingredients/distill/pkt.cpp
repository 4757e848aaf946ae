#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>

#include "ingredients/distill/features.h"

namespace ablate::ingredients {
namespace {

constexpr double kPktEpsilon = 1e-7;

/// With what probability each sample picks another as its neighbour: cosines, mapped to 0..1, rows of sum 1.
at::Tensor neighbours(const at::Tensor& rows) {
  const auto units = rows / (at::linalg_vector_norm(rows, 2, {1}, true) + kPktEpsilon);
  const auto closeness = (units.mm(units.t()) + 1) / 2;
  return closeness / closeness.sum(1, true);
}

class NeighbourDistillation final : public FeatureDistillation {
 public:
  struct Params : FeatureParams {
    Params() {
      kd_weight = 30000;
      maps = {"stage.-1"};
    }
  };
  explicit NeighbourDistillation(const Params& p) : FeatureDistillation(p) {}

  /// Mean over all pairs of q_t log(q_t / q_s) (Passalis and Tefas 2018).
  at::Tensor loss(const at::Tensor& student, const at::Tensor& teacher) const override {
    const auto ours = neighbours(pooled(student)), theirs = neighbours(pooled(teacher));
    return (theirs * ((theirs + kPktEpsilon) / (ours + kPktEpsilon)).log()).mean();
  }
};

}  // namespace

IngredientEntry distill_pkt() {
  using P = NeighbourDistillation::Params;
  return describe<NeighbourDistillation>(
      feature_header(
          {.name = "distill.pkt",
           .doc = "Let samples be neighbours as the teacher's pooled map has it.",
           .source = "Passalis and Tefas 2018, arXiv:1803.10837 (PKT)",
           .formula = "kd_weight * sum over maps of mean_{n,m} q_t log((q_t + 1e-7) / (q_s + 1e-7)), q_nm = "
                      "k_nm / sum_m k_nm, k = (cos(f_n, f_m) + 1) / 2, f = mean of a map over its pixels",
           .interactions = "A mean over pairs of shares that themselves fall with the batch: `kd_weight` "
                           "suits the batch of 64 of its source, and a larger batch wants more.",
           .refuses = relation_refusals}),
      feature_fields<P>("RepDistiller: weight 30000, the last stage, pooled"));
}

}  // namespace ablate::ingredients
