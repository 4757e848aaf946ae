#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "harness/data/corrupted_bytes.h"
#include "harness/data/image_corruptions.h"

namespace ablate {
namespace {

/// Draws from a Poisson law by its distribution function, which is written down once.
class Poisson {
 public:
  explicit Poisson(double mean) {
    // Beyond these bounds lies less than doubles can tell.
    const double reach = 12 * std::sqrt(mean);
    first_ = int(std::max(0.0, std::floor(mean - reach)));
    const int last = mean == 0 ? 0 : int(mean + reach) + 30, middle = int(mean);
    below_.assign(std::size_t(last - first_) + 1, 0);
    const auto at = [&](int k) -> double& { return below_[std::size_t(k - first_)]; };
    at(middle) = 1;
    for (int k = middle; k < last; ++k) at(k + 1) = at(k) * mean / (k + 1);
    for (int k = middle; k > first_; --k) at(k - 1) = at(k) * k / mean;
    double sum = 0;
    for (double& value : below_) value = sum += value;
    for (double& value : below_) value /= sum;
  }

  int draw(double uniform) const {
    const auto found = std::upper_bound(below_.begin(), below_.end() - 1, uniform);
    return first_ + int(found - below_.begin());
  }

 private:
  int first_ = 0;
  std::vector<double> below_;  // [k - first] is the probability of at most k
};

}  // namespace

Corruption gaussian_noise(double deviation) {
  return [=](Image& image, Draw draw) {
    for (auto& byte : image.pixels) byte = rounded_byte(byte + 255 * deviation * draw.normal());
  };
}

Corruption shot_noise(double photons) {
  std::vector<Poisson> laws;  // one a byte
  for (int byte = 0; byte < 256; ++byte) laws.emplace_back(byte / 255.0 * photons);
  return [=](Image& image, Draw draw) {
    for (auto& byte : image.pixels) byte = rounded_byte(laws[byte].draw(draw.uniform()) / photons * 255);
  };
}

Corruption impulse_noise(double share) {
  return [=](Image& image, Draw draw) {
    for (auto& byte : image.pixels) {
      const double u = draw.uniform();
      if (u < share) byte = u < share / 2 ? 0 : 255;
    }
  };
}

Corruption speckle_noise(double deviation) {
  return [=](Image& image, Draw draw) {
    for (auto& byte : image.pixels) byte = rounded_byte(byte + byte * deviation * draw.normal());
  };
}

}  // namespace ablate
