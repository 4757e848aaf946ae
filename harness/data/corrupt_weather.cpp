#include <algorithm>
#include <cmath>

#include "harness/data/corrupted_bytes.h"
#include "harness/data/image_corruptions.h"
#include "harness/data/motion.h"
#include "harness/data/plane.h"

namespace ablate {
namespace {

/// The plane as it looks from nearer by, between values linearly.
Plane zoomed(const Plane& plane, double factor) {
  const auto rows = zoomed_side(plane.height, factor), columns = zoomed_side(plane.width, factor);
  Plane near{plane.height, plane.width, {}};
  near.values.reserve(plane.values.size());
  for (const auto& row : rows)
    for (const auto& column : columns) {
      const auto across = [&](int y) {
        return std::lerp(plane.at(y, column.low), plane.at(y, column.high), column.share);
      };
      near.values.push_back(std::lerp(across(row.low), across(row.high), row.share));
    }
  return near;
}

/// Falling flakes as a grey image: drawn values that reach the threshold, blurred along their fall.
Image flakes(int height, int width, const Snow& how, Draw& draw) {
  const auto layer = zoomed(normal_plane(height, width, how.mean, how.deviation, draw), how.zoom);
  Image image{height, width, {}};
  image.pixels.reserve(3 * layer.values.size());
  for (const double value : layer.values)
    image.pixels.insert(image.pixels.end(), 3, value < how.threshold ? 0 : rounded_byte(255 * value));
  blur_along(image, how.radius, how.trail, draw.uniform(-135, -45));
  return image;
}

double grey_of(const std::uint8_t* pixel) {
  return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
}

}  // namespace

Corruption snow(const Snow& how) {
  return [=](Image& image, Draw draw) {
    const auto layer = flakes(image.height, image.width, how, draw);
    const std::size_t pixels = image.pixels.size() / 3;
    for (std::size_t i = 0; i < pixels; ++i) {
      auto* pixel = image.pixels.data() + 3 * i;
      const double pale = 1.5 * grey_of(pixel) + 127.5;
      const int fallen = layer.pixels[3 * i] + layer.pixels[3 * (pixels - 1 - i)];
      for (int c = 0; c < 3; ++c)
        pixel[c] =
            rounded_byte(std::lerp(std::max(double(pixel[c]), pale), double(pixel[c]), how.kept) + fallen);
    }
  };
}

}  // namespace ablate
