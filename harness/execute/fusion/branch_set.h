#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "harness/kernels/branches.h"

namespace ablate::fusion {

/// Values of a depthwise unit's branches, as the kernels that work on all of them at once take them: each
/// [C, taps of the common kernel], zero where its own ends, or [C] if it has one tap.
class BranchSet {
 public:
  /// places: of each branch, the taps that its values belong to.
  BranchSet(int channels, int taps, const std::vector<std::vector<int>>& places)
      : channels_(channels), taps_(taps), places_(places) {
    for (std::size_t b = 0; b < places.size(); ++b)
      values_.emplace_back(static_cast<std::size_t>(channels) * (point(b) ? 1 : taps), 0.0f);
  }

  bool point(std::size_t b) const { return places_[b].size() == 1; }
  kernels::DepthwiseBranch branch(std::size_t b) const { return {values_[b].data(), point(b)}; }
  float* values(std::size_t b) { return values_[b].data(); }

  std::vector<kernels::DepthwiseBranch> all() const {
    std::vector<kernels::DepthwiseBranch> branches;
    for (std::size_t b = 0; b < places_.size(); ++b) branches.push_back(branch(b));
    return branches;
  }

  /// from: of each branch, [C, its taps]; to: of branch b.
  void set(const std::vector<std::vector<double>>& from) {
    for (std::size_t b = 0; b < places_.size(); ++b)
      for_values(b, [&](float& value, std::size_t i) { value = static_cast<float>(from[b][i]); });
  }
  void get(std::size_t b, float* to) {
    for_values(b, [&](float& value, std::size_t i) { to[i] = value; });
  }

 private:
  template <class Use>
  void for_values(std::size_t b, const Use& use) {
    const auto& places = places_[b];
    for (std::size_t c = 0; c < static_cast<std::size_t>(channels_); ++c)
      for (std::size_t i = 0; i < places.size(); ++i)
        use(values_[b][point(b) ? c : c * taps_ + places[i]], c * places.size() + i);
  }

  int channels_, taps_;
  const std::vector<std::vector<int>>& places_;
  std::vector<std::vector<float>> values_;
};

}  // namespace ablate::fusion
