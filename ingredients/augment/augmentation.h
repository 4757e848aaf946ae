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
  void plan_epoch(EpochPlan& plan, const Progress&) override { strength_ = plan.strength; }
  void transform_batch(Batch&, const Progress&) override { count(seen_.load(std::memory_order_relaxed)); }

 protected:
  Augmentation() : Counting("batches") {}
  /// Of the epoch, as a share of the settings; it changes while no loader thread runs.
  double strength() const { return strength_; }
  /// The draws of one sample, in a loader thread.
  Draw draw_for(const SampleAt& at) const { return draw_for(at, at.epoch); }
  /// Its draws of another epoch.
  Draw draw_for(const SampleAt& at, std::uint32_t epoch) const {
    seen_.store(true, std::memory_order_relaxed);
    return stream_->at(epoch, at.draw_index());
  }

 private:
  std::optional<Stream> stream_;
  double strength_ = 1;
  mutable std::atomic<bool> seen_ = false;
};

}  // namespace ablate::ingredients
