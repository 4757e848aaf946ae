#include "ingredients/augment/boxes.h"

#include <cmath>

namespace ablate::ingredients {
namespace {

constexpr int kTries = 10;

/// To the nearest integer, the even one of two.
int nearest_integer(double value) {
  return int(std::nearbyint(value));
}

double log_uniform_in(const std::vector<double>& range, Draw& draw) {
  return std::exp(draw.uniform(std::log(range[0]), std::log(range[1])));
}

/// A place for it inside the image.
ImageBox placed_box(ImageBox box, int height, int width, Draw& draw) {
  box.top = int(draw.below(std::uint32_t(height - box.height + 1)));
  box.left = int(draw.below(std::uint32_t(width - box.width + 1)));
  return box;
}

/// `box_of(height, width, share, ratio)` of ten draws until there is one.
template <class BoxOf>
std::optional<ImageBox> draw_box(int height, int width, const BoxRange& range, Draw& draw,
                                 const BoxOf& box_of) {
  for (int tries = 0; tries < kTries; ++tries) {
    const double share = draw.uniform(range.area[0], range.area[1]),
                 ratio = log_uniform_in(range.ratio, draw);
    if (const auto box = box_of(height, width, share, ratio)) return placed_box(*box, height, width, draw);
  }
  return std::nullopt;
}

}  // namespace

std::optional<ImageBox> crop_box(int height, int width, double share, double ratio) {
  const double area = share * height * width;
  const ImageBox box{0, 0, nearest_integer(std::sqrt(area / ratio)),
                     nearest_integer(std::sqrt(area * ratio))};
  const bool fits = box.height > 0 && box.width > 0 && box.height <= height && box.width <= width;
  return fits ? std::optional(box) : std::nullopt;
}

ImageBox fallback_crop(int height, int width, const std::vector<double>& ratio) {
  const double own = double(width) / height;
  ImageBox box{0, 0, height, width};
  if (own < ratio[0]) box.height = nearest_integer(width / ratio[0]);
  if (own > ratio[1]) box.width = nearest_integer(height * ratio[1]);
  box.top = (height - box.height) / 2;
  box.left = (width - box.width) / 2;
  return box;
}

ImageBox draw_crop(int height, int width, const BoxRange& range, Draw& draw) {
  const auto box = draw_box(height, width, range, draw, crop_box);
  return box ? *box : fallback_crop(height, width, range.ratio);
}

std::optional<ImageBox> erased_box(int height, int width, double share, double ratio) {
  const double area = share * height * width;
  const ImageBox box{0, 0, nearest_integer(std::sqrt(area * ratio)),
                     nearest_integer(std::sqrt(area / ratio))};
  return box.height < height && box.width < width ? std::optional(box) : std::nullopt;
}

std::optional<ImageBox> draw_erased(int height, int width, const BoxRange& range, Draw& draw) {
  return draw_box(height, width, range, draw, erased_box);
}

}  // namespace ablate::ingredients
