#include "ingredients/mix/mixing.h"

namespace ablate::ingredients {
namespace {

class MixupOrCutMix final : public Mixing {
 public:
  struct Params : MixingParams {
    double mixup_alpha = 0.8;
    double cutmix_alpha = 1;
    double switch_probability = 0.5;
    double probability = 1;
    std::string rounding = "half_up";
  };
  explicit MixupOrCutMix(const Params& p) : Mixing(p), p_(p) {}

 private:
  std::optional<Portion> draw_portion(int height, int width, double strength, Draw& draw) const override {
    if (strength == 0 || !draw.chance(p_.probability)) return std::nullopt;
    if (!draw.chance(p_.switch_probability)) return draw_blend(p_.mixup_alpha * strength, draw);
    return draw_cut(p_.cutmix_alpha * strength, p_.rounding == "half_up", height, width, draw);
  }

  Params p_;
};

}  // namespace

IngredientEntry mix_mixup_or_cutmix() {
  using P = MixupOrCutMix::Params;
  Fields<P> fields;
  fields.add("mixup_alpha", &P::mixup_alpha, above(0), "Beta of a blend's shares", "DeiT, arXiv:2012.12877")
      .add("cutmix_alpha", &P::cutmix_alpha, above(0), "Beta of the share outside a box", "DeiT")
      .add("switch_probability", &P::switch_probability, between(0, 1),
           "that a draw pastes rather than blends")
      .add("probability", &P::probability, between(0, 1), "that a draw mixes")
      .add("rounding", &P::rounding, one_of({"half_down", "half_up"}),
           "a box of odd side loses its last pixel (the authors' code) or keeps it (timm)", "timm");
  return describe<MixupOrCutMix>({.name = "mix.mixup_or_cutmix",
                                  .stage = Stage::Mix,
                                  .doc = "Blend with a partner or paste a box of it, by the toss of a coin.",
                                  .source = "timm's Mixup with both alphas set",
                                  .formula = "with probability switch_probability mix.cutmix with alpha = "
                                             "cutmix_alpha, else mix.mixup with alpha = mixup_alpha",
                                  .interactions = kMixed,
                                  .neutral = {nlohmann::json::object({{"probability", 0.0}})},
                                  .counters = {"batches"},
                                  .refuses = mix_refusals},
                                 add_mixing(fields));
}

}  // namespace ablate::ingredients
