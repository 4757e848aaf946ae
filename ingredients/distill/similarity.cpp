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
      feature_header("distill.similarity", "Find alike the samples that the teacher's map finds alike.",
                     "Tung and Mori 2019, arXiv:1907.09682", relation_refusals),
      feature_fields<P>("RepDistiller: weight 3000, the last stage"));
}

}  // namespace ablate::ingredients
