#include <ATen/ops/clamp.h>

#include "ingredients/norms.h"
#include "ingredients/optimizer/chosen.h"
#include "ingredients/regularize/clipping.h"

namespace ablate::ingredients {
namespace {

class GradientClip final : public Clipping {
 public:
  struct Params {
    std::optional<double> max_norm = 1.0;
    std::optional<double> max_value;
  };
  explicit GradientClip(const Params& p) : p_(p) {}

 private:
  bool clip(std::vector<ParameterSet>& sets) override {
    const bool by_value = p_.max_value && clip_value(sets, *p_.max_value);
    const bool by_norm = p_.max_norm && clip_norm(sets, *p_.max_norm);
    return by_value || by_norm;
  }

  /// g min(1, max / (||g|| + 1e-6)) over all sets together (Pascanu et al. 2013, in torch's form).
  static bool clip_norm(std::vector<ParameterSet>& sets, double max) {
    const double ratio = max / (gradient_norm(sets) + 1e-6);
    if (!(ratio < 1)) return false;
    for (auto& set : sets) set.gradients.mul_(ratio);
    return true;
  }
  static bool clip_value(std::vector<ParameterSet>& sets, double max) {
    bool clipped = false;
    for (auto& set : sets) {
      clipped = clipped || set.gradients.abs().max().item<double>() > max;
      set.gradients.clamp_(-max, max);
    }
    return clipped;
  }

  Params p_;
};

std::vector<std::string> clip_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  const auto optimizer = chosen_optimizer(recipe);
  if (settings.at("max_norm").is_null() || !optimizer || optimizer->name != "lamb") return {};
  const auto own = optimizer->settings.find("max_grad_norm");
  if (own == optimizer->settings.end() || own->is_null()) return {};
  return {"optimizer.lamb clips the norm itself; set its max_grad_norm to null, or leave this out"};
}

}  // namespace

IngredientEntry regularize_clip() {
  using P = GradientClip::Params;
  return describe<GradientClip>(
      {.name = "regularize.clip",
       .stage = Stage::Gradient,
       .doc = "Limits gradients: the norm of all of them together, each value, or both (values first).",
       .source = "Pascanu et al. 2013, arXiv:1211.5063; torch's clip_grad_norm_ and clip_grad_value_",
       .formula = "g <- clamp(g, -max_value, max_value); g <- g min(1, max_norm / (||g|| + 1e-6)), the norm "
                  "of all gradients together",
       .interactions = "Once an update, on the mean gradient of `optimizer.accumulate` and the second one of "
                       "`optimizer.sam`; after `regularize.agc`. The norm includes what distillation trains "
                       "along. Weight decay is added later and not clipped.",
       .neutral = {nlohmann::json::object({{"max_norm", nullptr}, {"max_value", nullptr}})},
       .counters = {"updates", "clipped"},
       .trial = {{"max_norm", 0.1}},
       .refuses = clip_refusals},
      Fields<P>{}
          .add("max_norm", &P::max_norm, above(0),
               "what the norm of all gradients is brought down to; null: not", "1 to 5 are usual")
          .add("max_value", &P::max_value, above(0), "what each gradient is cut off at; null: not",
               "none: clipping by norm keeps the direction"));
}

}  // namespace ablate::ingredients
