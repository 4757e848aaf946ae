#pragma once

#include <atomic>

#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// Counts the batches whose images went through an augmentation. Loader threads run ahead of training, so
/// counting images there would depend on how far: they only say that they were here, and the step counts.
class Tally {
 public:
  /// From loader threads.
  void seen() const { seen_.store(true, std::memory_order_relaxed); }
  /// From the step.
  void batch() { batches_ += seen_.load(std::memory_order_relaxed); }

  void save(Archive& archive) const { archive.values["batches"] = batches_; }
  void load(const Archive& archive) { batches_ = archive.values.at("batches"); }
  Counters counters() const { return {{"batches", double(batches_)}}; }

 private:
  mutable std::atomic<bool> seen_ = false;
  std::int64_t batches_ = 0;
};

}  // namespace ablate::ingredients
