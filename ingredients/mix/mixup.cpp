#include "ingredients/mix/mixing.h"

namespace ablate::ingredients {
namespace {

class Mixup final : public Mixing {
 public:
  struct Params : MixingParams {
    double alpha = 0.2;
    double probability = 1;
  };
  explicit Mixup(const Params& p) : Mixing(p), p_(p) {}

 private:
  std::optional<Portion> draw_portion(int, int, double strength, Draw& draw) const override {
    const double alpha = p_.alpha * strength;
    if (alpha == 0 || !draw.chance(p_.probability)) return std::nullopt;
    return draw_blend(alpha, draw);
  }

  Params p_;
};

}  // namespace

IngredientEntry mix_mixup() {
  using P = Mixup::Params;
  Fields<P> fields;
  fields
      .add("alpha", &P::alpha, between(0, 100),
           "the share of each sample's own image is drawn from Beta(alpha, alpha)",
           "between the 0.1 and 0.4 of the paper's ImageNet runs")
      .add("probability", &P::probability, between(0, 1), "that a draw mixes", "the authors' code");
  return describe<Mixup>(
      {.name = "mix.mixup",
       .stage = Stage::Mix,
       .doc = "Blend each image and its target with those of a partner in the batch.",
       .source = "Zhang et al. 2018, arXiv:1710.09412",
       .formula = "x <- l x + (1 - l) x', q <- l q + (1 - l) q', l ~ Beta(alpha, alpha), ' = the partner's",
       .interactions = kMixed,
       .neutral = {nlohmann::json::object({{"alpha", 0.0}}), nlohmann::json::object({{"probability", 0.0}})},
       .counters = {"batches"},
       .refuses = mix_refusals},
      add_mixing(fields));
}

}  // namespace ablate::ingredients
