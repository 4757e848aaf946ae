#include <cmath>
#include <numbers>

#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

/// From 1 down to `floor` along half a cosine (Loshchilov and Hutter 2017, SGDR without restarts); with k !=
/// 1 the position is bent to (t / n)^k (Zhang and Li 2020, k-decay).
struct CosineRule : WarmUp {
  double floor = 0;
  double k = 1;

  double share(const Position& p) const {
    const double bent = k == 1 ? p.at / p.length : std::pow(p.at / p.length, k);
    return above_floor(floor, 0.5 * (1 + std::cos(std::numbers::pi * bent)));
  }
};

}  // namespace

IngredientEntry schedule_cosine() {
  Fields<CosineRule> fields;
  add_floor(fields).add("k", &CosineRule::k, above(0),
                        "bends the curve: above 1 the rate stays high for longer",
                        "arXiv:2004.05909; 1 is the plain cosine");
  return describe_schedule<Curve<CosineRule>>(
      {.name = "schedule.cosine",
       .doc = "The rate falls along half a cosine, after a warm-up if one is asked for.",
       .source = "Loshchilov and Hutter 2017, arXiv:1608.03983",
       .formula = "lr * (floor + (1 - floor) (1 + cos(pi (t / n)^k)) / 2), t of n steps",
       .interactions = kShortOfFloor,
       .neutral = {nlohmann::json::object({{"floor", 1.0}, {"warmup_epochs", 0.0}})}},
      add_warm_up(fields));
}

}  // namespace ablate::ingredients
