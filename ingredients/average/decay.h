#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace ablate::ingredients {

/// min(d, 1 - (1 + s / gamma)^-power) with s earlier updates, at least `low`, and 0 for the very first, which
/// copies (timm, ModelEmaV3).
inline double timm_decay(double decay, std::int64_t earlier, double gamma, double power, double low) {
  if (earlier <= 0) return 0;
  return std::max(low, std::min(decay, 1 - std::pow(1 + double(earlier) / gamma, -power)));
}

/// min(d, (1 + t) / (10 + t)) with t earlier updates (TensorFlow, ExponentialMovingAverage).
inline double tensorflow_decay(double decay, std::int64_t earlier) {
  return std::min(decay, (1.0 + double(earlier)) / (10.0 + double(earlier)));
}

}  // namespace ablate::ingredients
