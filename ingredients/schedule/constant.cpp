#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

struct ConstantRule : Ramp {
  double share(const Position&) const { return 1; }
};

}  // namespace

IngredientEntry schedule_constant() {
  Fields<ConstantRule> fields;
  return describe_schedule<Curve<ConstantRule>>(
      {.name = "schedule.constant",
       .doc = "The base rate throughout, after a warm-up if one is asked for.",
       .source = "Goyal et al. 2017, arXiv:1706.02677 (the warm-up)",
       .formula = "lr",
       .neutral = {nlohmann::json::object({{"warmup_epochs", 0.0}})},
       .trial = {{"warmup_epochs", 1.0}}},
      add_ramp(fields));
}

}  // namespace ablate::ingredients
