#include <cmath>

#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

/// factor^(epochs behind), fractions of an epoch included
struct ExponentialRule : WarmUp {
  double factor = 0.98;

  double share(const Position& p) const { return std::pow(factor, p.at / p.epoch); }
};

}  // namespace

IngredientEntry schedule_exponential() {
  Fields<ExponentialRule> fields;
  fields.add("factor", &ExponentialRule::factor, between(0, 1),
             "by which the rate is multiplied over an epoch", "MobileNetV2, arXiv:1801.04381: 0.98 an epoch");
  return describe_schedule<Curve<ExponentialRule>>(
      {.name = "schedule.exponential",
       .doc = "The rate falls by the same factor over every epoch, after a warm-up if one is asked for.",
       .source = "torch.optim.lr_scheduler.ExponentialLR",
       .formula = "lr * factor^(t / e), e = steps of an epoch",
       .neutral = {nlohmann::json::object({{"factor", 1.0}, {"warmup_epochs", 0.0}})}},
      add_warm_up(fields));
}

}  // namespace ablate::ingredients
