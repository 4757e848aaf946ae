#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

struct LinearRule : WarmUp {
  double floor = 0;

  double share(const Position& p) const { return above_floor(floor, 1 - p.at / p.length); }
};

}  // namespace

IngredientEntry schedule_linear() {
  Fields<LinearRule> fields;
  add_floor(fields);
  return describe_schedule<Curve<LinearRule>>(
      {.name = "schedule.linear",
       .doc = "The rate falls along a straight line, after a warm-up if one is asked for.",
       .source = "Ma et al. 2018, ShuffleNetV2's released recipe, arXiv:1807.11164",
       .formula = "lr * (floor + (1 - floor) (1 - t / n)), t of n steps",
       .interactions = kShortOfFloor,
       .neutral = {nlohmann::json::object({{"floor", 1.0}, {"warmup_epochs", 0.0}})}},
      add_warm_up(fields));
}

}  // namespace ablate::ingredients
