#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingredients/counting.h"

namespace ablate::ingredients {

/// What becomes of BatchNorm statistics in an average: all three give different numbers.
struct StatisticsMode {
  std::string buffers = "average";
  std::optional<int> recompute_batches;
};

/// An average of weights, kept beside the training and evaluated in its place. Counts what went into it.
class WeightAverage : public Counting {
 public:
  void begin(Setup& setup) override;
  const Weights* average() const final { return counted() ? &average_ : nullptr; }
  void after_epoch(EpochEnd& end) override { recompute(end); }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 protected:
  WeightAverage(std::string what, const StatisticsMode& mode) : Counting(std::move(what)), mode_(mode) {}

  /// average = keep average + (1 - keep) weights, statistics as the mode has it; exactly the weights at 0.
  void blend(const Weights& weights, double keep);
  /// average = the mean of these, the oldest first; statistics as the mode has it.
  void replace(const std::vector<at::Tensor>& trained, const std::vector<at::Tensor>& statistics);
  /// Does nothing in the other modes.
  void recompute(EpochEnd& end);

 private:
  StatisticsMode mode_;
  Weights average_;
  std::uint64_t seed_ = 0;  // of dropout while statistics are recomputed
};

template <class P>
Fields<P>& add_statistics(Fields<P>& fields, const std::string& source) {
  return fields
      .add("buffers", &StatisticsMode::buffers, one_of({"average", "copy", "recompute"}),
           "BatchNorm statistics: averaged with the weights, those of the latest weights, or recomputed from "
           "training images after every epoch",
           source)
      .add("recompute_batches", &StatisticsMode::recompute_batches, at_least(1),
           "batches of training images for recomputing; null: all", "all, as torch's update_bn");
}

/// Why the mode makes no sense.
std::vector<std::string> statistics_refusals(const nlohmann::json& settings, const RecipeView& recipe);

}  // namespace ablate::ingredients
