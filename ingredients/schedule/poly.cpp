#include <cmath>

#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

/// floor + (1 - floor) (1 - t / n)^power
struct PolyRule : WarmUp {
  double floor = 0;
  double power = 0.9;

  double share(const Position& p) const { return above_floor(floor, std::pow(1 - p.at / p.length, power)); }
};

}  // namespace

IngredientEntry schedule_poly() {
  Fields<PolyRule> fields;
  add_floor(fields).add("power", &PolyRule::power, above(0),
                        "1 is a straight line; above, the rate falls early; below, late",
                        "Liu et al. 2015, ParseNet, arXiv:1506.04579");
  return describe_schedule<Curve<PolyRule>>(
      {.name = "schedule.poly",
       .doc = "The rate falls with a power of what is left of training, after a warm-up if one is asked for.",
       .source = "timm PolyLRScheduler",
       .formula = "lr * (floor + (1 - floor) (1 - t / n)^power), t of n steps",
       .interactions = kShortOfFloor,
       .neutral = {nlohmann::json::object({{"floor", 1.0}, {"warmup_epochs", 0.0}})}},
      add_warm_up(fields));
}

}  // namespace ablate::ingredients
