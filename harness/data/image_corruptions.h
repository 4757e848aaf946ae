#pragma once

#include <functional>

#include "harness/core/random.h"
#include "harness/data/image.h"

namespace ablate {

// The common corruptions of Hendrycks and Dietterich 2019, arXiv:1903.12261, whose scripts fix what the paper
// leaves open. Values are shares of 0..1 in between and are rounded to bytes (the scripts cut them off).

/// Changes an image in place; may be called from several threads at once.
using Corruption = std::function<void(Image&, Draw)>;

// Noise, drawn anew for every value of every channel (corrupt_noise.cpp).

/// v + n, where n is normal with this deviation.
Corruption gaussian_noise(double deviation);
/// k / photons, where k is Poisson with mean v photons.
Corruption shot_noise(double photons);
/// This share of the values becomes 0 or 1, one as often as the other.
Corruption impulse_noise(double share);
/// v + v n, where n is normal with this deviation.
Corruption speckle_noise(double deviation);

}  // namespace ablate
