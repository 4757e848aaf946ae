#include "ingredients/mix/mixing.h"

namespace ablate::ingredients {
namespace {

class CutMix final : public Mixing {
 public:
  struct Params : MixingParams {
    double alpha = 1;
    double probability = 0.5;
    std::string rounding = "half_down";
  };
  explicit CutMix(const Params& p) : Mixing(p), p_(p) {}

 private:
  std::optional<Portion> draw_portion(int height, int width, double strength, Draw& draw) const override {
    const double alpha = p_.alpha * strength;
    if (alpha == 0 || !draw.chance(p_.probability)) return std::nullopt;
    return draw_cut(alpha, p_.rounding == "half_up", height, width, draw);
  }

  Params p_;
};

}  // namespace

IngredientEntry mix_cutmix() {
  using P = CutMix::Params;
  Fields<P> fields;
  fields
      .add("alpha", &P::alpha, between(0, 100), "the share outside the box is drawn from Beta(alpha, alpha)")
      .add("probability", &P::probability, between(0, 1), "that a draw mixes", "the authors' CIFAR setting")
      .add("rounding", &P::rounding, one_of({"half_down", "half_up"}),
           "a box of odd side loses its last pixel (the authors' code) or keeps it (timm)",
           "the authors' code");
  return describe<CutMix>(
      {.name = "mix.cutmix",
       .stage = Stage::Mix,
       .doc = "Paste a box of a partner in the batch, and mix the targets by area.",
       .source = "Yun et al. 2019, arXiv:1905.04899",
       .formula = "x <- x' inside a box of sides sqrt(1 - l) of the image's, l ~ Beta(alpha, alpha); q <- m "
                  "q + (1 - m) q', m = share of the image outside the box once clipped, ' = the partner's",
       .interactions = kMixed,
       .neutral = {nlohmann::json::object({{"alpha", 0.0}}), nlohmann::json::object({{"probability", 0.0}})},
       .counters = {"batches"},
       .refuses = mix_refusals},
      add_mixing(fields));
}

}  // namespace ablate::ingredients
