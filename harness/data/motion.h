#pragma once

#include <vector>

#include "harness/data/image.h"

namespace ablate {

/// Blurs by half a bell that trails off in that direction, 2 radius + 1 pixels long, as ImageMagick's motion
/// blur (corrupt_blur.cpp).
void blur_along(Image& image, double radius, double deviation, double degrees);

/// For each of the n pixels of a side that is seen from nearer by which two source pixels it lies between.
struct Between {
  int low = 0, high = 0;
  double share = 0;  // of the high one
};
std::vector<Between> zoomed_side(int n, double factor);

}  // namespace ablate
