#pragma once

#include <atomic>
#include <optional>

#include "ingredients/counting.h"

namespace ablate::ingredients {

/// What changes images one by one in loader threads, by draws keyed by (seed, name, epoch, sample). Counts
/// the batches whose images it changed: loader threads run ahead of training, so they only say that they were
/// here, and the step counts.
class Augmentation : public Counting {
 public:
  void begin(Setup& setup) override { stream_ = setup.stream(setup.name()); }
  void transform_batch(Batch&, const Progress&) override { count(seen_.load(std::memory_order_relaxed)); }

 protected:
  Augmentation() : Counting("batches") {}
  /// The draws of one sample, in a loader thread.
  Draw draw_for(const SampleAt& at) const {
    seen_.store(true, std::memory_order_relaxed);
    return stream_->at(at.epoch, at.draw_index());
  }

 private:
  std::optional<Stream> stream_;
  mutable std::atomic<bool> seen_ = false;
};

}  // namespace ablate::ingredients
