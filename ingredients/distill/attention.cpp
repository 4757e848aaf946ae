#include <ATen/TensorOperators.h>

#include "ingredients/distill/features.h"

namespace ablate::ingredients {
namespace {

/// Where a map is strong: the mean over the channels of |f|^p, as a vector of norm 1 for each sample.
at::Tensor attention_of(const at::Tensor& map, double power) {
  return unit_rows(map.abs().pow(power).mean(1).flatten(1));
}

class AttentionDistillation final : public FeatureDistillation {
 public:
  struct Params : FeatureParams {
    Params() { kd_weight = 1000; }
    double power = 2;
  };
  explicit AttentionDistillation(const Params& p) : FeatureDistillation(p), p_(p) {}

  at::Tensor loss(const at::Tensor& student, const at::Tensor& teacher) const override {
    const auto [ours, theirs] = of_one_size(student, teacher);
    return (attention_of(ours, p_.power) - attention_of(theirs, p_.power)).square().mean();
  }

 private:
  Params p_;
};

}  // namespace

IngredientEntry distill_attention() {
  using P = AttentionDistillation::Params;
  return describe<AttentionDistillation>(
      feature_header({.name = "distill.attention",
                      .doc = "Look where the teacher looks: match where maps are strong.",
                      .source = "Zagoruyko and Komodakis 2017, arXiv:1612.03928; RepDistiller's means",
                      .formula = "kd_weight * sum over maps of mean (A_s - A_t)^2, A = a / ||a||_2 of each "
                                 "sample, a = mean_c |f_c|^power at each pixel",
                      .interactions = "The sum grows with the number of `maps`."}),
      feature_fields<P>("RepDistiller: weight 1000, all stages")
          .add("power", &P::power, above(0), "of the activations that are averaged over channels",
               "RepDistiller"));
}

}  // namespace ablate::ingredients
