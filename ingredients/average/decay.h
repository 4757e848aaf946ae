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

/// 1 - min(1, (1 - d) images / epochs) with the images between two updates (torchvision's training script):
/// what d would be for one image and one epoch, so that the average spans the same share of any training.
inline double torchvision_decay(double decay, double images, double epochs) {
  return 1 - std::min(1.0, (1 - decay) * images / epochs);
}

/// What is `half_life` updates old counts half.
inline double half_life_decay(double half_life) {
  return std::pow(0.5, 1 / half_life);
}

/// The decay whose weights are on average about `window` updates old.
inline double window_decay(double window) {
  return std::max(0.0, 1 - 1 / window);
}

}  // namespace ablate::ingredients
