#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

/// Half a cosine from a peak to `floor`, over and over; the i-th cycle is first * multiply^i long and its
/// peak is decay^i (Loshchilov and Hutter 2017, equation 5; the decaying peak is timm's `cycle_decay`).
struct RestartsRule : WarmUp {
  double first = 10;
  double multiply = 1;
  double decay = 1;
  double floor = 0;

  double share(const Position& p) const {
    double at = p.at, length = first * p.epoch, peak = 1;
    for (; whole_intervals(at, length) >= 1; length *= multiply, peak *= decay) at -= length;
    return floor + 0.5 * (peak - floor) * (1 + std::cos(std::numbers::pi * std::max(at, 0.0) / length));
  }
};

std::vector<std::string> restarts_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = warm_up_refusals(settings, recipe);
  const double first = settings.at("first");
  if (first >= double(recipe.epochs))
    reasons.push_back(
        fmt::format("the first cycle of {} epochs fills the training of {}: nothing restarts; use cosine",
                    first, recipe.epochs));
  return reasons;
}

}  // namespace

IngredientEntry schedule_restarts() {
  using R = RestartsRule;
  Fields<R> fields;
  fields.add("first", &R::first, above(0), "epochs of the first cycle")
      .add("multiply", &R::multiply, at_least(1), "how many times as long as a cycle the next one is")
      .add("decay", &R::decay, between(0, 1), "share of a cycle's peak that the next one has",
           "1, as the paper; timm's `cycle_decay`");
  add_floor(fields);
  return describe_schedule<Curve<R>>(
      {.name = "schedule.restarts",
       .doc = "The rate falls along half a cosine and starts anew, in cycles.",
       .source = "Loshchilov and Hutter 2017, arXiv:1608.03983 (T_0 = 10, T_mult = 1)",
       .formula = "lr * (floor + (decay^i - floor) (1 + cos(pi u / N)) / 2), u of N = first * multiply^i "
                  "epochs in cycle i = 0, 1, ...",
       .interactions = "A training ends low only where its last cycle ends with it: with `multiply` 1 its "
                       "length should be a multiple of `first`. Averages over a restart mix both cycles.",
       .neutral = {nlohmann::json::object({{"floor", 1.0}, {"decay", 1.0}, {"warmup_epochs", 0.0}})},
       .trial = {{"first", 1.0}},
       .refuses = restarts_refusals},
      add_warm_up(fields));
}

}  // namespace ablate::ingredients
