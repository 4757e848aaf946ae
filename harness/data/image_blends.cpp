#include <algorithm>

#include "harness/data/image_operations.h"

namespace ablate {
namespace {

/// Between a plain byte (0) and the image's (1), or beyond; in single precision and cut off, as Pillow does
/// it.
std::uint8_t blend(int plain, int byte, float factor) {
  const float value = float(plain) + factor * float(byte - plain);
  return std::uint8_t(std::max(0.0F, std::min(value, 255.0F)));  // without branches, unlike std::clamp
}

/// Luma by ITU-R 601-2 in units of 2^-16.
int grey(const std::uint8_t* pixel) {
  return (19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + 32768) >> 16;
}

/// Blends every byte with the same plain one.
void blend_with(Image& image, int plain, float factor) {
  std::uint8_t table[256];
  for (int i = 0; i < 256; ++i) table[i] = blend(plain, i, factor);
  for (auto& byte : image.pixels) byte = table[byte];
}

}  // namespace

void adjust_color(Image& image, double factor) {
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    auto* pixel = image.pixels.data() + i;
    const int plain = grey(pixel);
    for (int c = 0; c < 3; ++c) pixel[c] = blend(plain, pixel[c], float(factor));
  }
}

void adjust_contrast(Image& image, double factor) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) sum += grey(image.pixels.data() + i);
  const auto pixels = double(image.pixels.size() / 3);
  blend_with(image, int(double(sum) / pixels + 0.5), float(factor));
}

void adjust_brightness(Image& image, double factor) {
  blend_with(image, 0, float(factor));
}

void adjust_sharpness(Image& image, double factor) {
  thread_local std::vector<std::uint8_t> source;  // keeps its memory from image to image
  source = image.pixels;
  const std::ptrdiff_t row = 3 * std::ptrdiff_t(image.width);
  for (int y = 1; y + 1 < image.height; ++y) {
    const std::uint8_t* in = source.data() + y * row;
    std::uint8_t* out = image.at(y, 0);
    for (std::ptrdiff_t i = 3; i + 3 < row; ++i) {
      int sum = 4 * in[i];  // the kernel is 1 all over and 5 in the middle
      for (std::ptrdiff_t j : {i - row, i, i + row}) sum += in[j - 3] + in[j] + in[j + 3];
      out[i] = blend((2 * sum + 13) / 26, in[i], float(factor));  // sum / 13, rounded
    }
  }
}

}  // namespace ablate
