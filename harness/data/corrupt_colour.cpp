#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "harness/data/corrupted_bytes.h"
#include "harness/data/image_corruptions.h"

namespace ablate {
namespace {

/// A cloud on a square torus whose side is a power of two (diamond-square), from 0 to 1.
class Plasma {
 public:
  Plasma(int side, double decay, Draw& draw) : side_(side), heights_(std::size_t(side) * side, 0) {
    double wibble = 100;
    for (int step = side; step >= 2; step /= 2, wibble /= decay) {
      const int half = step / 2;
      const double reach = wibble * wibble;
      grid(half, half, step,
           [&](int y, int x) { return diagonal(y, x, half) / 4 + draw.uniform(-reach, reach); });
      const auto straight_mean = [&](int y, int x) {
        return straight(y, x, half) / 4 + draw.uniform(-reach, reach);
      };
      grid(0, half, step, straight_mean);
      grid(half, 0, step, straight_mean);
    }
    const auto [low, high] = std::ranges::minmax(heights_);
    for (double& height : heights_) height = high > low ? (height - low) / (high - low) : 0;
  }

  double at(int y, int x) const { return heights_[std::size_t(y & (side_ - 1)) * side_ + (x & (side_ - 1))]; }

 private:
  template <class F>
  void grid(int top, int left, int step, const F& height) {
    for (int y = top; y < side_; y += step)
      for (int x = left; x < side_; x += step) heights_[std::size_t(y) * side_ + x] = height(y, x);
  }
  double diagonal(int y, int x, int d) const {
    return at(y - d, x - d) + at(y - d, x + d) + at(y + d, x - d) + at(y + d, x + d);
  }
  double straight(int y, int x, int d) const {
    return at(y - d, x) + at(y + d, x) + at(y, x - d) + at(y, x + d);
  }

  int side_;
  std::vector<double> heights_;
};

/// Calls back with every pixel and its largest value, which is V of HSV.
template <class F>
void each_pixel(Image& image, const F& change) {
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    auto* pixel = image.pixels.data() + i;
    change(pixel, int(std::max({pixel[0], pixel[1], pixel[2]})));
  }
}

}  // namespace

Corruption brightness(double addend) {
  return [=](Image& image, Draw) {
    each_pixel(image, [&](std::uint8_t* pixel, int value) {
      // Hue and saturation stay when all three values grow by one factor; black becomes grey.
      const double brighter = std::min(value + 255 * addend, 255.0);
      for (int c = 0; c < 3; ++c) pixel[c] = rounded_byte(value > 0 ? pixel[c] * brighter / value : brighter);
    });
  };
}

Corruption saturate(double factor, double addend) {
  return [=](Image& image, Draw) {
    each_pixel(image, [&](std::uint8_t* pixel, int value) {
      const int least = std::min({pixel[0], pixel[1], pixel[2]});
      const double before = value > 0 ? double(value - least) / value : 0;
      const double after = std::clamp(before * factor + addend, 0.0, 1.0);
      // How far a value lies below the largest one grows with the saturation; grey has the hue of red.
      for (int c = 0; c < 3; ++c) {
        const double below = before > 0 ? (value - pixel[c]) / before : c == 0 ? 0 : value;
        pixel[c] = rounded_byte(value - below * after);
      }
    });
  };
}

Corruption contrast(double factor) {
  return [=](Image& image, Draw) {
    double means[3] = {0, 0, 0};
    for (std::size_t i = 0; i < image.pixels.size(); ++i) means[i % 3] += image.pixels[i];
    for (double& mean : means) mean /= double(image.pixels.size() / 3);
    for (std::size_t i = 0; i < image.pixels.size(); ++i)
      image.pixels[i] = rounded_byte(std::lerp(means[i % 3], double(image.pixels[i]), factor));
  };
}

Corruption fog(double strength, double decay) {
  return [=](Image& image, Draw draw) {
    const auto side = std::bit_ceil(unsigned(std::max(image.height, image.width)));
    const Plasma cloud(int(side), decay, draw);
    const double brightest = *std::ranges::max_element(image.pixels) / 255.0;
    const double dimming = brightest / (brightest + strength);
    for (int y = 0; y < image.height; ++y)
      for (int x = 0; x < image.width; ++x)
        for (int c = 0; c < 3; ++c) {
          auto& byte = image.at(y, x)[c];
          byte = rounded_byte((byte + 255 * strength * cloud.at(y, x)) * dimming);
        }
  };
}

}  // namespace ablate
