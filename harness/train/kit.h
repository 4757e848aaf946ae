#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/train/request.h"
#include "ingredients/catalogue.h"
#include "ingredients/ingredient.h"

namespace ablate::training {

/// One ingredient of a trajectory.
struct Member {
  std::string name;  // "average.ema", "distill.logit@second"
  std::string id;  // what checkpoints call it: the name; with a digest where runs have it with other settings
  std::vector<std::string> runs;  // keys of the runs it belongs to
  bool shared = false;            // by every run: it stands in the trajectory's spec
  const IngredientEntry* entry = nullptr;
  nlohmann::json settings;  // defaults filled in
  std::unique_ptr<Ingredient> ingredient;

  Ingredient* operator->() const { return ingredient.get(); }
  bool averages() const { return entry->family == "average"; }
  /// "ema": what evaluations of its weights are called.
  std::string variant() const { return name.substr(name.find('.') + 1); }
};

/// The ingredients of a trajectory in the order in which they apply: by stage, then by name.
using Kit = std::vector<Member>;

/// Those of the trajectory's spec, and each distinct passive one of its runs. Throws Error for one that the
/// catalogue lacks.
Kit make_kit(const Request& request, const std::vector<IngredientEntry>& catalogue);

/// Runs whose averages are the same: they have the same variants, report the same one and select the same
/// epoch.
struct RunGroup {
  std::vector<std::string> runs;
  std::vector<const Member*> averages;
};

/// Every run belongs to one group. Points into the kit.
std::vector<RunGroup> group_runs(const Kit& kit, const Request& request);

}  // namespace ablate::training
