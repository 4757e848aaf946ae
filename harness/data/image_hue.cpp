#include <algorithm>
#include <cmath>

#include "harness/data/image_operations.h"

namespace ablate {
namespace {

/// Hue in bytes (256 to the circle), saturation and value, as Pillow has them: cut off, not rounded.
struct Hsv {
  int hue = 0, saturation = 0, value = 0;
};

Hsv to_hsv(const std::uint8_t* pixel) {
  const int r = pixel[0], g = pixel[1], b = pixel[2];
  const int most = std::max({r, g, b}), least = std::min({r, g, b});
  if (most == least) return {0, 0, most};
  const float range = float(most - least);
  const float red = float(most - r) / range, green = float(most - g) / range, blue = float(most - b) / range;
  const float sixth = r == most ? blue - green : g == most ? 2 + red - blue : 4 + green - red;
  const double hue = std::fmod(double(sixth) / 6 + 1, 1.0);
  return {std::clamp(int(hue * 255), 0, 255), std::clamp(int(double(range / float(most)) * 255), 0, 255),
          most};
}

std::uint8_t to_byte(float value) {
  return std::uint8_t(std::clamp(std::lround(value), 0L, 255L));
}

void from_hsv(const Hsv& hsv, std::uint8_t* pixel) {
  const float sixth = float(hsv.hue) * 6 / 255;
  const int sector = int(std::floor(sixth));
  const float within = sixth - float(sector), saturation = float(hsv.saturation) / 255, v = float(hsv.value);
  const auto top = std::uint8_t(hsv.value), low = to_byte(v * (1 - saturation)),
             falling = to_byte(v * (1 - saturation * within)),
             rising = to_byte(v * (1 - saturation * (1 - within)));
  const std::uint8_t sectors[6][3] = {{top, rising, low},  {falling, top, low}, {low, top, rising},
                                      {low, falling, top}, {rising, low, top},  {top, low, falling}};
  std::copy_n(sectors[sector % 6], 3, pixel);
}

}  // namespace

void turn_hue(Image& image, double turns) {
  const int shift = int(turns * 255) & 255;  // towards 0, as torchvision
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    auto* pixel = image.pixels.data() + i;
    auto hsv = to_hsv(pixel);
    if (hsv.saturation == 0) continue;
    hsv.hue = (hsv.hue + shift) & 255;
    from_hsv(hsv, pixel);
  }
}

}  // namespace ablate
