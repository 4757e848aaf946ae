#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace ablate::fusion {

/// Values of a depthwise unit's branches, as the kernels that work on all of them at once take them: each
/// [C, taps of the common kernel], zero where its own ends. Those of one tap, the middle, have none: what
/// they do is known from what that tap sees.
class BranchSet {
 public:
  /// places: of each branch, the taps that its values belong to.
  BranchSet(int channels, int taps, const std::vector<std::vector<int>>& places)
      : channels_(channels), taps_(taps), places_(places) {
    for (std::size_t b = 0; b < places.size(); ++b)
      values_.emplace_back(point(b) ? 0 : static_cast<std::size_t>(channels) * taps, 0.0f);
  }

  bool point(std::size_t b) const { return places_[b].size() == 1; }
  float* values(std::size_t b) { return values_[b].data(); }

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
    for (std::size_t c = 0; !point(b) && c < static_cast<std::size_t>(channels_); ++c)
      for (std::size_t i = 0; i < places.size(); ++i)
        use(values_[b][c * taps_ + places[i]], c * places.size() + i);
  }

  int channels_, taps_;
  const std::vector<std::vector<int>>& places_;
  std::vector<std::vector<float>> values_;
};

}  // namespace ablate::fusion
