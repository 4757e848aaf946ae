#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ingredients/counting.h"

namespace ablate::ingredients {

/// Settings that every schedule with a warm-up has.
struct Ramp {
  double warmup_epochs = 0;
  double warmup_start = 0.002;
  std::string per = "step";
};

/// And those of one whose curve can begin before or behind the warm-up.
struct WarmUp : Ramp {
  std::string warmup = "inside";
};

/// How the rate of a Ramp rises, behind the formula of its curve.
inline constexpr const char* kRise =
    "; while t < W = warmup_epochs: lr * (warmup_start + (1 - warmup_start) t / W)";
/// What a curve that falls to `floor` is to know.
inline constexpr const char* kShortOfFloor =
    "The last step is n - 1 of n, so the rate ends a little above `floor`; with `per` epoch the whole last "
    "epoch is above it.";
/// Why no schedule takes `active`.
inline constexpr const char* kWholeTraining = "a schedule is the rate of the whole training";

/// Where a schedule stands, in steps or in epochs.
struct Position {
  double at = 0;       // from 0
  double length = 0;   // of the training
  double warm_up = 0;  // of the warm-up
  double epoch = 1;    // length of an epoch
};

/// In steps, or in whole epochs when `per` says so.
Position position_of(const Ramp& ramp, const Progress& at);

using ShareAt = std::function<double(const Position&)>;

/// The share of the base rate in force: a straight line from `warmup_start` to 1 over the warm-up, then
/// `curve`.
double with_warm_up(const Ramp& ramp, const Position& position, const ShareAt& curve);
/// "inside": the curve runs from the start of training and is read from where the warm-up ends (timm's
/// default, a small jump). "prefix": the curve begins where the warm-up ends (timm's `warmup_prefix`).
double with_warm_up(const WarmUp& warm_up, const Position& position, const ShareAt& curve);

/// How often an interval fits into t. Both are products of decimal fractions and numbers of steps: a hair
/// below a whole number of intervals counts as whole.
double whole_intervals(double t, double interval);
/// From 1 down to `floor` as `rest` falls from 1 to 0.
inline double above_floor(double floor, double rest) {
  return floor + (1 - floor) * rest;
}

/// A schedule of shares of the base rate; counts the steps at which the share was not 1.
class SharedRate : public Counting {
 protected:
  SharedRate() : Counting("steps_scaled") {}
  void scale(Rates& rates, double share) {
    rates.lr_factor *= share;
    count(share != 1);
  }
};

/// A schedule that is a formula of the position: Rule has the settings (a Ramp or a WarmUp) and
/// `double share(const Position&) const`.
template <class Rule>
class Curve final : public SharedRate {
 public:
  using Params = Rule;
  explicit Curve(const Rule& rule) : rule_(rule) {}

  void schedule(Rates& rates, const Progress& at) override {
    const auto curve = [this](const Position& position) { return rule_.share(position); };
    scale(rates, with_warm_up(rule_, position_of(rule_, at), curve));
  }

 private:
  Rule rule_;
};

template <class P>
Fields<P>& add_ramp(Fields<P>& fields) {
  return fields
      .add("warmup_epochs", &Ramp::warmup_epochs, at_least(0), "epochs of linear warm-up; 0: none",
           "none unless asked for, as in torch's schedulers")
      .add("warmup_start", &Ramp::warmup_start, between(0, 1),
           "share of the base rate at the first step of the warm-up",
           "GhostNetV3's released script: 1e-4 of 0.05")
      .add("per", &Ramp::per, one_of({"step", "epoch"}),
           "whether the rate changes at every step or at every epoch",
           "per step: on short trainings the stairs of an epoch are coarse");
}

template <class P>
Fields<P>& add_warm_up(Fields<P>& fields) {
  return add_ramp(fields).add("warmup", &WarmUp::warmup, one_of({"inside", "prefix"}),
                              "inside: the curve runs on below the warm-up; prefix: it begins after it",
                              "timm's default");
}

/// Adds the share of the base rate at which a curve ends.
template <class P>
Fields<P>& add_floor(Fields<P>& fields) {
  return fields.add("floor", &P::floor, between(0, 1), "share of the base rate at which the curve ends",
                    "0, as torch's schedulers");
}

/// Why a warm-up does not fit this training.
std::vector<std::string> warm_up_refusals(const nlohmann::json& settings, const RecipeView& recipe);

/// describe() with what every schedule declares; it refuses warm_up_refusals unless it says what.
template <class T>
IngredientEntry describe_schedule(IngredientHeader header, const Fields<typename T::Params>& fields) {
  header.stage = Stage::Schedule;
  header.no_window = kWholeTraining;
  header.counters = {"steps_scaled"};
  using P = typename T::Params;
  if constexpr (std::is_base_of_v<Ramp, P>) header.formula += kRise;
  if constexpr (std::is_base_of_v<WarmUp, P>)
    add_interaction(header, "With `warmup` prefix t and n count from the end of the warm-up.");
  add_interaction(header, "Counts steps, also those that `optimizer.accumulate` puts off.");
  if (!header.refuses) header.refuses = warm_up_refusals;
  return describe<T>(std::move(header), fields);
}

}  // namespace ablate::ingredients
