#pragma once

#include <algorithm>

#include "harness/kernels/ranges.h"

namespace ablate::kernels {

/// Images of so many pixels in ranges that are worth handing to a thread.
inline Ranges ranges_of_images(int images, int height, int width, int channels) {
  return {images, rows_of_a_range(channels) / std::max(1, height * width)};
}

}  // namespace ablate::kernels
