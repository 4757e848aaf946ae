#include <cmath>

#include <fmt/format.h>

#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

/// Level until a last part of training, then down to `floor` by 1 - q or 1 - sqrt(q) of that part's share q
/// (Hägele et al. 2024).
struct TrapezoidRule : Ramp {
  double decay = 0.2;
  std::string shape = "linear";
  double floor = 0;

  double share(const Position& p) const {
    const double length = decay * p.length, into = p.at - (p.length - length);
    if (into <= 0) return 1;
    const double q = into / length;
    return above_floor(floor, shape == "linear" ? 1 - q : 1 - std::sqrt(q));
  }
};

std::vector<std::string> trapezoid_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = warm_up_refusals(settings, recipe);
  const double warm_up = settings.at("warmup_epochs"), decay = settings.at("decay");
  const auto epochs = double(recipe.epochs);
  if (reasons.empty() && warm_up + decay * epochs > epochs)
    reasons.push_back(
        fmt::format("a warm-up of {} epochs and a decay of {} do not fit into {} epochs; shorten one of them",
                    warm_up, decay * epochs, recipe.epochs));
  return reasons;
}

}  // namespace

IngredientEntry schedule_trapezoid() {
  using R = TrapezoidRule;
  Fields<R> fields;
  fields.add("decay", &R::decay, between(0, 1), "share of training over which the rate falls at the end")
      .add("shape", &R::shape, one_of({"linear", "one_minus_sqrt"}), "how it falls", "timm WSDLRScheduler");
  add_floor(fields);
  return describe_schedule<Curve<R>>(
      {.name = "schedule.trapezoid",
       .doc = "Warm up, hold, and let the rate fall over a last part of training (warm-up, stable, decay).",
       .source = "Hägele et al. 2024, arXiv:2405.18392",
       .formula = "lr * (floor + (1 - floor) (1 - q)), q = t's share of the last decay * n steps, 0 before; "
                  "shape one_minus_sqrt: 1 - sqrt(q) in place of 1 - q",
       .interactions = kShortOfFloor,
       .neutral = {nlohmann::json::object({{"floor", 1.0}, {"warmup_epochs", 0.0}}),
                   nlohmann::json::object({{"decay", 0.0}, {"warmup_epochs", 0.0}})},
       .trial = {{"decay", 0.5}},
       .refuses = trapezoid_refusals},
      add_ramp(fields));
}

}  // namespace ablate::ingredients
