#pragma once

#include <ATen/Dispatch.h>
#include <ATen/ops/empty_like.h>

#include <cmath>
#include <string>
#include <vector>

#include "ingredients/counting.h"
#include "ingredients/norms.h"

namespace ablate::ingredients {

/// Minimises the loss at the worst point near the weights: they move by e = rho s^2 g / ||s g||, the gradient
/// there is what the optimizer gets, at the weights as they were. Scale says what s is for a weight, and has
/// the settings.
template <class Scale>
class SharpnessAware final : public Counting {
 public:
  struct Params : Scale {
    double rho = Scale::kRho;
  };
  explicit SharpnessAware(const Params& p) : Counting("perturbations"), p_(p) {}

  void wrap(Update& update, const std::function<void()>& gradients,
            const std::function<void()>& next) override {
    if (p_.rho == 0) return next();
    make_room(update.sets);
    climb(update.sets);
    gradients();
    for (std::size_t i = 0; i < kept_.size(); ++i) update.sets[i].values.copy_(kept_[i]);
    count();
    next();
  }

 private:
  void make_room(const std::vector<ParameterSet>& sets) {
    if (!kept_.empty()) return;
    for (const auto& set : sets) kept_.push_back(at::empty_like(set.values).detach());
  }
  void climb(std::vector<ParameterSet>& sets) {
    double squares = 0;
    for (const auto& set : sets)
      AT_DISPATCH_FLOATING_TYPES(set.values.scalar_type(), "sharpness_norm", [&] {
        const auto* w = set.values.template const_data_ptr<scalar_t>();
        const auto* g = set.gradients.template const_data_ptr<scalar_t>();
        squares += sum_of(set.values.numel(), [&](std::int64_t i) {
          const double scaled = double(p_.of(w[i])) * double(g[i]);
          return scaled * scaled;
        });
      });
    const double length = p_.rho / (std::sqrt(squares) + 1e-12);
    for (std::size_t s = 0; s < sets.size(); ++s)
      AT_DISPATCH_FLOATING_TYPES(sets[s].values.scalar_type(), "sharpness_climb", [&] {
        auto* w = sets[s].values.template data_ptr<scalar_t>();
        auto* kept = kept_[s].template data_ptr<scalar_t>();
        const auto* g = sets[s].gradients.template const_data_ptr<scalar_t>();
        const auto n = sets[s].values.numel();
        for (std::int64_t i = 0; i < n; ++i) {
          const scalar_t value = w[i], scale = p_.of(value);
          kept[i] = value;
          w[i] = value + scalar_t(length) * scale * scale * g[i];
        }
      });
  }

  Params p_;
  std::vector<at::Tensor> kept_;  // the weights of each set before the climb
};

/// What a second gradient does to others.
inline constexpr const char* kTwoPasses =
    "A second forward and backward pass every step, with the first one's draws of dropout and with "
    "BatchNorm's statistics as that left them. Clipping acts on the second gradient. What distillation "
    "trains along moves by the same norm. Weight decay has no part in the climb.";

/// Why a second gradient is not to be had, or not wanted.
inline std::vector<std::string> sharpness_refusals(const nlohmann::json&, const RecipeView& recipe) {
  std::vector<std::string> reasons;
  if (recipe.on("optimizer", "accumulate"))
    reasons.push_back(
        "its second gradient would be of the last batch only, not of all that accumulate gathers; use larger "
        "batches in place of accumulate");
  if (recipe.on("optimizer", "sam") && recipe.on("optimizer", "asam"))
    reasons.push_back("sam and asam are two forms of one thing; keep one of them");
  return reasons;
}

}  // namespace ablate::ingredients
