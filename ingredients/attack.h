#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>

#include "harness/core/random.h"

namespace ablate {

inline constexpr double kLevels = 255;  // settings give radius and step in levels of 8 bits

/// How images of 0..1 are changed against a network: so many steps along the sign of the gradient, each pixel
/// staying within the radius. One step of the radius is FGSM (Goodfellow et al. 2015, arXiv:1412.6572), more
/// are PGD (Madry et al. 2018, arXiv:1706.06083).
struct Attack {
  double radius = 0, step = 0;  // of 0..1
  int steps = 1;
};

/// Logits for images of 0..1.
using Answer = std::function<at::Tensor(const at::Tensor&)>;

/// Noise for a random start: contiguous float tensors are filled uniformly within the radius.
void fill_within(double radius, const at::Tensor& noise, Draw draw);

/// The images as cross-entropy is made to grow for them; they start at the clean ones plus `noise` and stay
/// in 0..1.
at::Tensor attacked(const at::Tensor& clean, const at::Tensor& targets, const Answer& answer,
                    const Attack& attack, const std::optional<at::Tensor>& noise);

}  // namespace ablate
