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

// Blur: weighted sums of neighbours; what is plain stays as it is (corrupt_blur.cpp).

/// By a bell of this deviation, cut off at four of them.
Corruption gaussian_blur(double deviation);
/// By a disk whose rim a bell of deviation `softness` softens.
Corruption defocus_blur(double radius, double softness);
/// By half a bell, in a drawn direction within 45 degrees of the horizontal; 2 radius + 1 pixels long.
Corruption motion_blur(double radius, double deviation);
/// A blur by a bell of this deviation; `times` over, pixels are replaced by drawn ones at most `reach` rows
/// and columns away; the blur again.
Corruption glass_blur(double deviation, int reach, int times);
/// The mean of the image and of what is seen on going nearer: by 1, 1 + step, ... up to `limit`.
Corruption zoom_blur(double limit, double step);

// Shape (corrupt_shape.cpp).

/// Three points move by up to `shift` pixels each way and the image with them; then every pixel for itself,
/// by draws of up to `reach` pixels that a bell of this deviation smooths.
Corruption elastic_transform(double reach, double deviation, double shift);

// Light, colour and weather (corrupt_colour.cpp, corrupt_weather.cpp, corrupt_spatter.cpp).

/// Adds to V of HSV.
Corruption brightness(double addend);
/// S of HSV times `factor`, plus `addend`.
Corruption saturate(double factor, double addend);
/// Pulls every channel towards its mean: at 1 nothing changes.
Corruption contrast(double factor);
/// Adds a drawn cloud of this strength, whose detail falls by decay^2 an octave; then all is dimmed.
Corruption fog(double strength, double decay);

/// Flakes are normal draws, seen from nearer by `zoom`, that reach the threshold.
struct Snow {
  double mean = 0, deviation = 0, zoom = 1, threshold = 0;
  double radius = 0, trail = 0;  // of their blur along a drawn direction within 45 degrees of the vertical
  double kept = 1;               // share of the image; the rest is paler
};
/// Adds flakes and the same flakes turned by half a circle to a paler image.
Corruption snow(const Snow& how);

/// Liquid is where normal draws, blurred by a bell of deviation `softness`, reach the threshold.
struct Spatter {
  double mean = 0, deviation = 0, softness = 0, threshold = 0;
  /// Of water: how much its brightest place adds. Of mud: the deviation of its rim's blur.
  double strength = 0;
  bool mud = false;
};
/// Drops of pale water, which add light, or of brown mud, which hides what is under it.
Corruption spatter(const Spatter& how);

// What storing does (corrupt_digital.cpp).

Corruption jpeg_compression(int quality);
/// This share of rows and columns remains; pixels become boxes.
Corruption pixelate(double share);

}  // namespace ablate
