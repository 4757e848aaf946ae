#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/smooth_l1_loss.h>

#include "ingredients/distill/features.h"

namespace ablate::ingredients {
namespace {

/// Distances between all pairs of rows, by the mean of the positive ones: [B, B].
at::Tensor relative_distances(const at::Tensor& rows) {
  const auto squares = rows.square().sum(1);
  const auto squared = squares.unsqueeze(0) + squares.unsqueeze(1) - 2 * rows.mm(rows.t());
  const auto self = at::eye(rows.size(0), rows.options().dtype(at::kBool));
  const auto distances = squared.clamp_min(1e-12).sqrt().masked_fill(self, 0);
  return distances / distances.masked_select(distances > 0).mean();
}

/// Cosines of the angles at each row between all pairs of others: [B, B, B].
at::Tensor angles(const at::Tensor& rows) {
  const auto directions = unit_rows(rows.unsqueeze(0) - rows.unsqueeze(1));
  return directions.bmm(directions.transpose(1, 2));
}

class RelationalDistillation final : public FeatureDistillation {
 public:
  struct Params : FeatureParams {
    Params() { maps = {"stage.-1"}; }
    double distance_weight = 25;
    double angle_weight = 50;
  };
  explicit RelationalDistillation(const Params& p) : FeatureDistillation(p), p_(p) {}

  /// Huber losses between distances and between angles (Park et al. 2019).
  at::Tensor loss(const at::Tensor& student, const at::Tensor& teacher) const override {
    const auto ours = pooled(student), theirs = pooled(teacher);
    return at::smooth_l1_loss(relative_distances(ours), relative_distances(theirs)) * p_.distance_weight +
           at::smooth_l1_loss(angles(ours), angles(theirs)) * p_.angle_weight;
  }

 private:
  Params p_;
};

std::vector<std::string> relational_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = relation_refusals(settings, recipe);
  if (settings.at("distance_weight") == 0 && settings.at("angle_weight") == 0)
    reasons.push_back(
        "distance_weight and angle_weight are both 0: nothing is compared; give one of them a weight");
  return reasons;
}

}  // namespace

IngredientEntry distill_relational() {
  using P = RelationalDistillation::Params;
  return describe<RelationalDistillation>(
      feature_header(
          {.name = "distill.relational",
           .doc = "Keep the distances and angles between samples that the teacher's pooled map has.",
           .source = "Park et al. 2019, arXiv:1904.05068 (RKD)",
           .formula = "kd_weight * sum over maps of [distance_weight mean H(d_s - d_t) + angle_weight mean "
                      "H(a_s - a_t)], d = distances of samples over their mean, a = cosines at one sample of "
                      "three, H(x) = x^2 / 2 below 1, then |x| - 1/2; of maps averaged over their pixels",
           .interactions = "Angles are of all triples: memory and time grow with the cube of the batch.",
           .refuses = relational_refusals}),
      feature_fields<P>("RepDistiller: weight 1, the last stage, pooled")
          .add("distance_weight", &P::distance_weight, at_least(0), "weight of the distances", "RepDistiller")
          .add("angle_weight", &P::angle_weight, at_least(0), "weight of the angles", "RepDistiller"));
}

}  // namespace ablate::ingredients
