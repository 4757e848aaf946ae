#include "ingredients/optimizer/sharpness.h"

namespace ablate::ingredients {
namespace {

/// Every weight alike.
struct UniformScale {
  static constexpr double kRho = 0.05;
  template <class T>
  T of(T) const {
    return 1;
  }
};

}  // namespace

IngredientEntry optimizer_sam() {
  using Sam = SharpnessAware<UniformScale>;
  return describe<Sam>(
      {.name = "optimizer.sam",
       .stage = Stage::Update,
       .doc = "Sharpness-aware minimisation: the gradient is taken at the worst point "
              "within a ball of the weights.",
       .source = "Foret et al. 2021, arXiv:2010.01412",
       .formula =
           "the gradient at w + e, e = rho g / (||g|| + 1e-12), the norm over all tensors; the step from w",
       .interactions = kTwoPasses,
       .wrapper = true,
       .neutral = {nlohmann::json::object({{"rho", 0.0}})},
       .counters = {"perturbations"},
       .refuses = sharpness_refusals},
      Fields<Sam::Params>{}.add("rho", &Sam::Params::rho, at_least(0),
                                "radius of the ball; every step costs two"));
}

}  // namespace ablate::ingredients
