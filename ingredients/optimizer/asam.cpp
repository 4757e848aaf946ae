#include "ingredients/optimizer/sharpness.h"

namespace ablate::ingredients {
namespace {

/// By its size, so that scaling a layer up and the next one down changes nothing.
struct AdaptiveScale {
  static constexpr double kRho = 2.0;
  double eta = 0;
  template <class T>
  T of(T w) const {
    return std::abs(w) + T(eta);
  }
};

}  // namespace

IngredientEntry optimizer_asam() {
  using Asam = SharpnessAware<AdaptiveScale>;
  using P = Asam::Params;
  return describe<Asam>(
      {.name = "optimizer.asam",
       .stage = Stage::Update,
       .doc = "Adaptive sharpness-aware minimisation: the ball reaches farther in larger weights.",
       .source = "Kwon et al. 2021, arXiv:2102.11600",
       .formula = "the gradient at w + e, e = rho s^2 g / (||s g|| + 1e-12), s = |w| + eta, the norm over "
                  "all tensors; the step from w",
       .interactions =
           kTwoPasses +
           std::string(
               " Weights at 0, as of `regularize.zero_gamma`, stay there in the climb while `eta` is 0."),
       .wrapper = true,
       .neutral = {nlohmann::json::object({{"rho", 0.0}})},
       .counters = {"perturbations"},
       .refuses = sharpness_refusals},
      Fields<P>{}
          .add("rho", &P::rho, at_least(0), "radius of the ball; every step costs two", "usual for CIFAR")
          .add("eta", &AdaptiveScale::eta, at_least(0), "added to the size of each weight",
               "0, as the usual implementations; the authors' code has 0.01"));
}

}  // namespace ablate::ingredients
