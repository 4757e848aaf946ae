#include <cmath>

#include <fmt/format.h>

#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

/// factor^(completed intervals). The interval is a product of a decimal fraction and a number of steps: a
/// hair below a whole number of intervals counts as whole.
double step_share(double t, double interval, double factor) {
  return std::pow(factor, std::floor(t / interval + 1e-9));
}

class StepSchedule final : public CurveSchedule {
 public:
  struct Params : WarmUp {
    double every = 2.4;
    double factor = 0.973;
  };
  explicit StepSchedule(const Params& p) : p_(p) {}

  void schedule(Rates& rates, const Progress& at) override {
    const auto position = position_of(p_, at);
    const auto curve = [&](double t, double) { return step_share(t, p_.every * position.epoch, p_.factor); };
    scale(rates, with_warm_up(p_, position, curve));
  }

 private:
  Params p_;
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
  using P = StepSchedule::Params;
  Fields<P> fields;
  fields.add("every", &P::every, above(0), "epochs between two falls, fractions allowed")
      .add("factor", &P::factor, between(0, 1), "by which the rate is multiplied at each fall");
  return describe<StepSchedule>(
      {.name = "schedule.step",
       .stage = Stage::Schedule,
       .doc = "The rate falls by a factor at regular intervals, after a warm-up if one is asked for.",
       .source = "GhostNetV2's released recipe (timm `step`: 0.973 every 2.4 epochs), arXiv:2211.12905",
       .neutral = {nlohmann::json::object({{"factor", 1.0}, {"warmup_epochs", 0.0}})},
       .no_window = kWholeTraining,
       .counters = {"steps_scaled"},
       .trial = {{"every", 1.0}},
       .refuses = step_refusals},
      add_warm_up(fields));
}

}  // namespace ablate::ingredients
