#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

class ConstantSchedule final : public CurveSchedule {
 public:
  struct Params : WarmUp {};
  explicit ConstantSchedule(const Params& p) : p_(p) {}

  void schedule(Rates& rates, const Progress& at) override {
    scale(rates, with_warm_up(p_, position_of(p_, at), [](double, double) { return 1.0; }));
  }

 private:
  Params p_;
};

}  // namespace

IngredientEntry schedule_constant() {
  Fields<ConstantSchedule::Params> fields;
  return describe<ConstantSchedule>({.name = "schedule.constant",
                                     .stage = Stage::Schedule,
                                     .doc = "The base rate throughout, after a warm-up if one is asked for.",
                                     .source = "Goyal et al. 2017, arXiv:1706.02677 (the warm-up)",
                                     .neutral = {nlohmann::json::object({{"warmup_epochs", 0.0}})},
                                     .no_window = kWholeTraining,
                                     .counters = {"steps_scaled"},
                                     .trial = {{"warmup_epochs", 1.0}},
                                     .refuses = warm_up_refusals},
                                    add_warm_up(fields));
}

}  // namespace ablate::ingredients
