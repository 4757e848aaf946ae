#pragma once

#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/train/kit.h"
#include "harness/train/log.h"
#include "harness/train/network.h"
#include "harness/train/task.h"
#include "harness/train/teachers.h"

namespace ablate::training {

/// The values of a pass's loss terms, each times its weight.
struct LossValues {
  double total = 0;
  std::map<std::string, double> terms;
  bool finite() const;
};

/// What an epoch came to so far.
struct EpochSums {
  double seconds = 0;          // of training steps
  double library_seconds = 0;  // of these, in nodes that no own kernel covers
  std::int64_t images = 0;
  double lr = 0;    // of the last step
  double loss = 0;  // sums over images
  std::map<std::string, double> terms;

  void add(const LossValues& values, std::int64_t count);
};

/// Weights that can be evaluated, as they would be delivered: the raw ones, or those that an ingredient has
/// beside them (an average, a core).
struct Variant {
  const Member* of = nullptr;
  Weights weights;
  std::string name() const { return of ? of->variant() : "raw"; }
};

/// True for the raw variant, a group's averages, and what all runs share.
bool has_variant(const RunGroup& group, const Variant& variant);

/// What the validation split chose for a group of runs: epoch 0 as long as there is nothing to choose from.
struct Selection {
  int epoch = 0;  // from 1
  double top1 = 0;
  std::vector<Variant> variants;
};

/// Tensors that an ingredient trains along with the student.
struct Along {
  std::string name;
  Weights weights;
};

/// A training: what it consists of, and where it stands.
struct Training {
  Training(const Request& request, const std::vector<IngredientEntry>& catalogue,
           const nlohmann::json& environment, Log& log);
  Training(const Training&) = delete;
  Training& operator=(const Training&) = delete;

  /// How the pass that counts is done.
  Pass pass() const;
  int evaluation_size() const;
  /// A group's reported form: its first average that there is, else the raw weights.
  const Variant& reported(const RunGroup& group, const std::vector<Variant>& variants) const;

  const Request& request;
  Task task;
  Kit kit;
  std::vector<RunGroup> groups;
  std::unique_ptr<Network> student;
  Teachers teachers;
  std::deque<Along> along;
  std::vector<ParameterSet> sets;  // of the student, then of what is trained along
  std::vector<std::string> taps;   // of the student
  int views = 1;
  bool alike_crops = false;  // of the views of a sample

  // What a checkpoint holds, with weights and the kit's own state.
  Progress at;
  EpochSums sums;
  std::vector<nlohmann::json> finished;  // journal lines of the epochs behind
  std::vector<Selection> selections;     // one a group
};

/// True when a unit is a sum of branches, so that it can be fused.
bool has_branches(const Graph& graph);

}  // namespace ablate::training
