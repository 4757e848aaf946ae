#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

/// factor^(milestones reached)
struct MultistepRule : WarmUp {
  std::vector<double> milestones{0.5, 0.75};
  std::string unit = "share";
  double factor = 0.1;

  double share(const Position& p) const {
    const double one = unit == "share" ? p.length : p.epoch;
    const auto reached = std::count_if(milestones.begin(), milestones.end(), [&](double milestone) {
      return milestone == 0 || whole_intervals(p.at, milestone * one) >= 1;
    });
    return std::pow(factor, double(reached));
  }
};

std::vector<std::string> multistep_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = warm_up_refusals(settings, recipe);
  const auto milestones = settings.at("milestones").get<std::vector<double>>();
  const double end = settings.at("unit") == "share" ? 1 : double(recipe.epochs);
  if (milestones.empty()) reasons.push_back("milestones is empty: the rate would never fall; use constant");
  for (const double milestone : milestones)
    if (milestone >= end)
      reasons.push_back(fmt::format(
          "the milestone {} is not below {}, the end of training: the rate would never fall there", milestone,
          end));
  return reasons;
}

}  // namespace

IngredientEntry schedule_multistep() {
  using R = MultistepRule;
  Fields<R> fields;
  fields
      .add("milestones", &R::milestones, at_least(0), "where the rate falls",
           "He et al. 2016, arXiv:1512.03385, for CIFAR: at 1/2 and 3/4 of the training")
      .add("unit", &R::unit, one_of({"share", "epoch"}),
           "whether milestones are shares of training or epochs",
           "share: the shape stays when the training gets longer")
      .add("factor", &R::factor, between(0, 1), "by which the rate is multiplied at each milestone",
           "arXiv:1512.03385");
  return describe_schedule<Curve<R>>(
      {.name = "schedule.multistep",
       .doc = "The rate falls by a factor at given places, after a warm-up if one is asked for.",
       .source = "torch.optim.lr_scheduler.MultiStepLR",
       .formula = "lr * factor^k, k = milestones that step t has reached",
       .neutral = {nlohmann::json::object({{"factor", 1.0}, {"warmup_epochs", 0.0}})},
       .refuses = multistep_refusals},
      add_warm_up(fields));
}

}  // namespace ablate::ingredients
