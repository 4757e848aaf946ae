#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "ingredients/optimizer/chosen.h"
#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

/// From `from` (q = 0) to `to` (q = 1), along half a cosine or a straight line.
double between_ends(double from, double to, double q, bool cosine) {
  return cosine ? to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * q)) : from + (to - from) * q;
}

/// Up to the base rate and down far below where it began, the momentum the other way round (Smith and Topin
/// 2018; torch's OneCycleLR). The peak is at step up * n - 1, the end at the last step.
class OneCycle final : public SharedRate {
 public:
  struct Params {
    double up = 0.3;
    double start_divisor = 25;
    double end_divisor = 1e4;
    std::string shape = "cosine";
    bool cycle_momentum = true;
    double momentum_low = 0.85;
    double momentum_high = 0.95;
  };
  explicit OneCycle(const Params& p) : p_(p) {}

  void schedule(Rates& rates, const Progress& at) override {
    const auto t = double(at.global_step()), n = double(at.total_steps()), peak = p_.up * n - 1;
    const bool rising = t < peak;
    const double q = rising ? t / peak : (t - peak) / (n - 1 - peak);
    const double start = 1 / p_.start_divisor, end = start / p_.end_divisor;
    const auto now = [&](double before, double middle, double after) {
      const bool cosine = p_.shape == "cosine";
      return rising ? between_ends(before, middle, q, cosine) : between_ends(middle, after, q, cosine);
    };
    scale(rates, now(start, 1, end));
    if (p_.cycle_momentum) rates.momentum = now(p_.momentum_high, p_.momentum_low, p_.momentum_high);
  }

 private:
  Params p_;
};

std::vector<std::string> one_cycle_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  std::vector<std::string> reasons;
  const double low = settings.at("momentum_low"), high = settings.at("momentum_high");
  if (low > high)
    reasons.push_back(fmt::format("momentum_low {} is above momentum_high {}; swap them", low, high));
  const auto optimizer = chosen_optimizer(recipe);
  if (optimizer && settings.at("cycle_momentum").get<bool>() &&
      optimizer->settings.value("momentum", 1.0) == 0)
    reasons.push_back(
        fmt::format("it would cycle the momentum, which optimizer.{} has set to 0; set cycle_momentum to "
                    "false, or give the "
                    "optimizer a momentum",
                    optimizer->name));
  return reasons;
}

}  // namespace

IngredientEntry schedule_one_cycle() {
  using P = OneCycle::Params;
  return describe_schedule<OneCycle>(
      {.name = "schedule.one_cycle",
       .doc = "The rate rises to the base rate and falls to almost nothing; the momentum mirrors it.",
       .source = "Smith and Topin 2018, arXiv:1708.07120; torch.optim.lr_scheduler.OneCycleLR",
       .formula =
           "from lr / start_divisor to lr at step up * n - 1, then to lr / (start_divisor * end_divisor) at "
           "step n - 1; shape cosine: a + (b - a) (1 - cos(pi q)) / 2 from a to b, linear: a + (b - a) q",
       .interactions = "Sets the momentum of sgd, both rmsprops and muon's matrices, and beta1 of adam, "
                       "adamw, lamb and lion: their own setting is not used. lr is the highest rate, so "
                       "usually above that of another schedule.",
       .no_neutral = "a cycle ends far below where it began",
       .refuses = one_cycle_refusals},
      Fields<P>{}
          .add("up", &P::up, from_below(0, 1), "share of the steps over which the rate rises", "torch")
          .add("start_divisor", &P::start_divisor, at_least(1), "the first rate is the base rate over this",
               "torch")
          .add("end_divisor", &P::end_divisor, at_least(1), "the last rate is the first rate over this",
               "torch")
          .add("shape", &P::shape, one_of({"cosine", "linear"}), "how it rises and falls", "torch")
          .add("cycle_momentum", &P::cycle_momentum, any(),
               "whether momentum (beta1 of Adam and its kin) moves the other way round", "torch")
          .add("momentum_low", &P::momentum_low, from_below(0, 1), "momentum where the rate is highest",
               "torch")
          .add("momentum_high", &P::momentum_high, from_below(0, 1), "momentum at start and end", "torch"));
}

}  // namespace ablate::ingredients
