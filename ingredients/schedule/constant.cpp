#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

struct ConstantRule : Ramp {
  double share(const Position&) const { return 1; }
};

}  // namespace

IngredientEntry schedule_constant() {
  Fields<ConstantRule> fields;
  return describe<Curve<ConstantRule>>(
      {.name = "schedule.constant",
       .stage = Stage::Schedule,
       .doc = "The base rate throughout, after a warm-up if one is asked for.",
       .source = "Goyal et al. 2017, arXiv:1706.02677 (the warm-up)",
       .neutral = {nlohmann::json::object({{"warmup_epochs", 0.0}})},
       .no_window = kWholeTraining,
       .counters = {"steps_scaled"},
       .trial = {{"warmup_epochs", 1.0}},
       .refuses = warm_up_refusals},
      add_ramp(fields));
}

}  // namespace ablate::ingredients
