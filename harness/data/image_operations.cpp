#include "harness/data/image_operations.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

namespace ablate {
namespace {

/// The index inside 0..n-1 that a mirror at both borders shows at i.
int reflected(int i, int n) {
  if (i < 0) return -i;
  return i >= n ? 2 * (n - 1) - i : i;
}

}  // namespace

void pad_crop(Image& image, int padding, int top, int left, Border border) {
  assert(padding >= 0 && top >= 0 && left >= 0 && top <= 2 * padding && left <= 2 * padding);
  assert(border == Border::Black || (padding < image.height && padding < image.width));
  Image out{.height = image.height, .width = image.width};
  out.pixels.resize(image.pixels.size());
  const int dx = left - padding;  // column of the image that comes to stand at 0
  const int from = std::clamp(-dx, 0, image.width), to = std::clamp(image.width - dx, 0, image.width);
  for (int y = 0; y < image.height; ++y) {
    const int row = y + top - padding;
    const bool outside = row < 0 || row >= image.height;
    if (border == Border::Black && outside) continue;
    const int source = outside ? reflected(row, image.height) : row;
    if (to > from) std::memcpy(out.at(y, from), image.at(source, from + dx), 3 * std::size_t(to - from));
    if (border == Border::Black) continue;
    const auto mirror = [&](int x) {
      std::memcpy(out.at(y, x), image.at(source, reflected(x + dx, image.width)), 3);
    };
    for (int x = 0; x < from; ++x) mirror(x);
    for (int x = to; x < image.width; ++x) mirror(x);
  }
  image = std::move(out);
}

void flip_horizontal(Image& image) {
  for (int y = 0; y < image.height; ++y)
    for (int left = 0, right = image.width - 1; left < right; ++left, --right)
      std::swap_ranges(image.at(y, left), image.at(y, left) + 3, image.at(y, right));
}

Image cropped(const Image& image, int top, int left, int height, int width) {
  assert(top >= 0 && left >= 0 && top + height <= image.height && left + width <= image.width);
  Image out{.height = height, .width = width};
  out.pixels.resize(3 * std::size_t(height) * width);
  for (int y = 0; y < height; ++y) std::memcpy(out.at(y, 0), image.at(top + y, left), 3 * std::size_t(width));
  return out;
}

void fit(Image& image, int size, double crop) {
  if (image.height == size && image.width == size) return;
  const int shorter = int(std::floor(size / crop));
  const std::int64_t h = image.height, w = image.width;
  const int height = h <= w ? shorter : int(shorter * h / w);
  const int width = w <= h ? shorter : int(shorter * w / h);
  image = resized_window(image, height, width, (height - size) / 2, (width - size) / 2, size, size);
}

}  // namespace ablate
