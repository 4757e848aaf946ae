#include "ingredients/schedule/curve.h"

#include <fmt/format.h>

#include <cmath>

namespace ablate::ingredients {

Position position_of(const Ramp& ramp, const Progress& at) {
  if (ramp.per == "epoch") return {double(at.epoch), double(at.epochs), ramp.warmup_epochs, 1};
  const double epoch = at.steps_per_epoch;
  return {double(at.global_step()), double(at.total_steps()), ramp.warmup_epochs * epoch, epoch};
}

double with_warm_up(const Ramp& ramp, const Position& position, const ShareAt& curve) {
  if (position.at < position.warm_up)
    return ramp.warmup_start + (1 - ramp.warmup_start) * position.at / position.warm_up;
  return curve(position);
}

double with_warm_up(const WarmUp& warm_up, const Position& position, const ShareAt& curve) {
  const Ramp& ramp = warm_up;
  if (warm_up.warmup == "inside") return with_warm_up(ramp, position, curve);
  return with_warm_up(ramp, position, [&](Position behind) {
    behind.at -= behind.warm_up;
    behind.length -= behind.warm_up;
    return curve(behind);
  });
}

double whole_intervals(double t, double interval) {
  return std::floor(t / interval + 1e-9);
}

std::vector<std::string> warm_up_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  const double warm_up = settings.value("warmup_epochs", 0.0);
  if (warm_up < double(recipe.epochs)) return {};
  return {
      fmt::format("warmup_epochs {} fills all {} epochs of the training; warm up for less, or train longer",
                  warm_up, recipe.epochs)};
}

}  // namespace ablate::ingredients
