#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ingredients/counting.h"

namespace ablate::ingredients {

/// Settings that every schedule has: Params derive from it, and add_warm_up declares it.
struct WarmUp {
  double warmup_epochs = 0;
  double warmup_start = 0.002;
  std::string warmup = "inside";
  std::string per = "step";
};

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
Position position_of(const WarmUp& warm_up, const Progress& at);

/// The share of the base rate in force: a straight line from `warmup_start` to 1 over the warm-up, then
/// `curve` (of position and length). "inside": the curve runs from the start of training and is read from
/// where the warm-up ends (timm's default, a small jump). "prefix": the curve begins where the warm-up ends
/// (timm's `warmup_prefix`).
double with_warm_up(const WarmUp& warm_up, const Position& position,
                    const std::function<double(double at, double length)>& curve);

/// A schedule of shares of the base rate; counts the steps at which the share was not 1.
class CurveSchedule : public Counting {
 protected:
  CurveSchedule() : Counting("steps_scaled") {}
  void scale(Rates& rates, double share) {
    rates.lr_factor *= share;
    count(share != 1);
  }
};

template <class P>
Fields<P>& add_warm_up(Fields<P>& fields) {
  return fields
      .add("warmup_epochs", static_cast<double P::*>(&WarmUp::warmup_epochs), at_least(0),
           "epochs of linear warm-up; 0: none", "none unless asked for, as in torch's schedulers")
      .add("warmup_start", static_cast<double P::*>(&WarmUp::warmup_start), between(0, 1),
           "share of the base rate at the first step of the warm-up",
           "GhostNetV3's released script: 1e-4 of 0.05")
      .add("warmup", static_cast<std::string P::*>(&WarmUp::warmup), one_of({"inside", "prefix"}),
           "inside: the curve runs on below the warm-up; prefix: it begins after it", "timm's default")
      .add("per", static_cast<std::string P::*>(&WarmUp::per), one_of({"step", "epoch"}),
           "whether the rate changes at every step or at every epoch",
           "per step: on short trainings the stairs of an epoch are coarse");
}

/// Why a warm-up does not fit this training.
std::vector<std::string> warm_up_refusals(const nlohmann::json& settings, const RecipeView& recipe);

}  // namespace ablate::ingredients
