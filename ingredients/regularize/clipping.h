#pragma once

#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// Limits gradients before the optimizer sees them. Counts the updates it looked at, so that a limit that was
/// never reached does not pass for a mistake, and those in which it clipped something.
class Clipping : public Ingredient {
 public:
  void after_backward(Update& update) final {
    ++updates_;
    clipped_ += clip(update.sets);
  }
  void save(Archive& archive) const final {
    archive.values["updates"] = updates_;
    archive.values["clipped"] = clipped_;
  }
  void load(const Archive& archive) final {
    updates_ = archive.values.at("updates");
    clipped_ = archive.values.at("clipped");
  }
  Counters counters() const final { return {{"updates", double(updates_)}, {"clipped", double(clipped_)}}; }

 protected:
  /// True when any gradient changed.
  virtual bool clip(std::vector<ParameterSet>& sets) = 0;

 private:
  std::int64_t updates_ = 0, clipped_ = 0;
};

}  // namespace ablate::ingredients
