#include <ATen/TensorOperators.h>

#include "ingredients/distill/features.h"

namespace ablate::ingredients {
namespace {

/// How alike the samples of a batch are: the rows of f f^T, each of norm 1.
at::Tensor similarities(const at::Tensor& features) {
  const auto rows = features.flatten(1);
  return unit_rows(rows.mm(rows.t()));
}

class SimilarityDistillation final : public FeatureDistillation {
 public:
  struct Params : FeatureParams {
    Params() {
      kd_weight = 3000;
      maps = {"stage.-1"};
    }
  };
  explicit SimilarityDistillation(const Params& p) : FeatureDistillation(p) {}

  /// Squared Frobenius norm of the difference, by B^2 (Tung and Mori 2019).
  at::Tensor loss(const at::Tensor& student, const at::Tensor& teacher) const override {
    return (similarities(student) - similarities(teacher)).square().mean();
  }
};

}  // namespace

IngredientEntry distill_similarity() {
  using P = SimilarityDistillation::Params;
  return describe<SimilarityDistillation>(
      feature_header({.name = "distill.similarity",
                      .doc = "Find alike the samples that the teacher's map finds alike.",
                      .source = "Tung and Mori 2019, arXiv:1907.09682",
                      .formula = "kd_weight * sum over maps of ||G_s - G_t||_F^2 / B^2, G = f f^T with rows "
                                 "of norm 1, f = [B, C H W]",
                      .interactions = "Rows of norm 1 have smaller entries the larger the batch: `kd_weight` "
                                      "suits the batch of 64 of its source, and a larger batch wants more.",
                      .refuses = relation_refusals}),
      feature_fields<P>("RepDistiller: weight 3000, the last stage"));
}

}  // namespace ablate::ingredients
