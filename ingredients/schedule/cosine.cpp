#include <cmath>
#include <numbers>

#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

/// From 1 down to `floor` along half a cosine (Loshchilov and Hutter 2017, SGDR without restarts); with k !=
/// 1 the position is bent to (t / n)^k (Zhang and Li 2020, k-decay).
double cosine_share(double t, double n, double floor, double k) {
  const double bent = k == 1 ? t / n : std::pow(t / n, k);
  return floor + 0.5 * (1 - floor) * (1 + std::cos(std::numbers::pi * bent));
}

class CosineSchedule final : public CurveSchedule {
 public:
  struct Params : WarmUp {
    double floor = 0;
    double k = 1;
  };
  explicit CosineSchedule(const Params& p) : p_(p) {}

  void schedule(Rates& rates, const Progress& at) override {
    const auto curve = [this](double t, double n) { return cosine_share(t, n, p_.floor, p_.k); };
    scale(rates, with_warm_up(p_, position_of(p_, at), curve));
  }

 private:
  Params p_;
};

}  // namespace

IngredientEntry schedule_cosine() {
  using P = CosineSchedule::Params;
  Fields<P> fields;
  fields
      .add("floor", &P::floor, between(0, 1), "share of the base rate at which the curve ends",
           "0, as torch's CosineAnnealingLR")
      .add("k", &P::k, above(0), "bends the curve: above 1 the rate stays high for longer",
           "arXiv:2004.05909; 1 is the plain cosine");
  return describe<CosineSchedule>(
      {.name = "schedule.cosine",
       .stage = Stage::Schedule,
       .doc = "The rate falls along half a cosine, after a warm-up if one is asked for.",
       .source = "Loshchilov and Hutter 2017, arXiv:1608.03983",
       .neutral = {nlohmann::json::object({{"floor", 1.0}, {"warmup_epochs", 0.0}})},
       .no_window = kWholeTraining,
       .counters = {"steps_scaled"},
       .refuses = warm_up_refusals},
      add_warm_up(fields));
}

}  // namespace ablate::ingredients
