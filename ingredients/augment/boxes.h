#pragma once

#include <optional>
#include <vector>

#include "harness/core/random.h"

namespace ablate::ingredients {

/// A box of an image.
struct ImageBox {
  int top = 0, left = 0, height = 0, width = 0;
};

/// How boxes are drawn: from..to of the share of the image's area, and of the ratio, evenly by its logarithm.
struct BoxRange {
  std::vector<double> area, ratio;
};

/// Height and width of a crop of that share of the area and ratio width : height; nothing when it does not
/// fit.
std::optional<ImageBox> crop_box(int height, int width, double share, double ratio);
/// What is cut when nothing fitted: the middle, as much of it as the ratios allow.
ImageBox fallback_crop(int height, int width, const std::vector<double>& ratio);
/// A box to crop, from at most ten draws.
ImageBox draw_crop(int height, int width, const BoxRange& range, Draw& draw);

/// Height and width of a box to erase, of that share of the area and ratio height : width; nothing when it is
/// as large as the image.
std::optional<ImageBox> erased_box(int height, int width, double share, double ratio);
/// A box to erase, from at most ten draws; nothing when none fitted.
std::optional<ImageBox> draw_erased(int height, int width, const BoxRange& range, Draw& draw);

}  // namespace ablate::ingredients
