#include <cmath>

#include <fmt/format.h>

#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

/// factor^(completed intervals)
struct StepRule : WarmUp {
  double every = 2.4;
  double factor = 0.973;

  double share(const Position& p) const { return std::pow(factor, whole_intervals(p.at, every * p.epoch)); }
};

std::vector<std::string> step_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = warm_up_refusals(settings, recipe);
  const double every = settings.value("every", 0.0), warm_up = settings.value("warmup_epochs", 0.0);
  if (every >= double(recipe.epochs) && warm_up == 0)
    reasons.push_back(fmt::format(
        "every {} is not below {} epochs: the rate would never fall; use constant, or fall earlier", every,
        recipe.epochs));
  return reasons;
}

}  // namespace

IngredientEntry schedule_step() {
  Fields<StepRule> fields;
  fields.add("every", &StepRule::every, above(0), "epochs between two falls, fractions allowed")
      .add("factor", &StepRule::factor, between(0, 1), "by which the rate is multiplied at each fall");
  return describe_schedule<Curve<StepRule>>(
      {.name = "schedule.step",
       .doc = "The rate falls by a factor at regular intervals, after a warm-up if one is asked for.",
       .source = "GhostNetV2's released recipe (timm `step`: 0.973 every 2.4 epochs), arXiv:2211.12905",
       .formula = "lr * factor^k, k = whole intervals of every epochs behind step t",
       .neutral = {nlohmann::json::object({{"factor", 1.0}, {"warmup_epochs", 0.0}})},
       .trial = {{"every", 1.0}},
       .refuses = step_refusals},
      add_warm_up(fields));
}

}  // namespace ablate::ingredients
