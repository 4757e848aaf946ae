#include "ingredients/schedule/curve.h"

#include <fmt/format.h>

namespace ablate::ingredients {

Position position_of(const WarmUp& warm_up, const Progress& at) {
  if (warm_up.per == "epoch") return {double(at.epoch), double(at.epochs), warm_up.warmup_epochs, 1};
  const double epoch = at.steps_per_epoch;
  return {double(at.global_step()), double(at.total_steps()), warm_up.warmup_epochs * epoch, epoch};
}

double with_warm_up(const WarmUp& warm_up, const Position& position,
                    const std::function<double(double at, double length)>& curve) {
  if (position.at < position.warm_up)
    return warm_up.warmup_start + (1 - warm_up.warmup_start) * position.at / position.warm_up;
  if (warm_up.warmup == "inside") return curve(position.at, position.length);
  return curve(position.at - position.warm_up, position.length - position.warm_up);
}

std::vector<std::string> warm_up_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  const double warm_up = settings.value("warmup_epochs", 0.0);
  if (warm_up < double(recipe.epochs)) return {};
  return {
      fmt::format("warmup_epochs {} fills all {} epochs of the training; warm up for less, or train longer",
                  warm_up, recipe.epochs)};
}

}  // namespace ablate::ingredients
