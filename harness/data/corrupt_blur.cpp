#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "harness/data/corrupted_bytes.h"
#include "harness/data/image_corruptions.h"
#include "harness/data/motion.h"
#include "harness/data/plane.h"

namespace ablate {
namespace {

/// A weight for the pixel that stands so far from the one being made.
struct Tap {
  int dy = 0, dx = 0;
  double weight = 0;
};

/// Every pixel becomes the weighted sum of its neighbours.
void convolve(Image& image, const std::vector<Tap>& taps, Edge edge) {
  const Image source = image;
  std::vector<double> sums(3 * std::size_t(image.width));
  for (int y = 0; y < image.height; ++y) {
    std::ranges::fill(sums, 0);
    for (const auto& tap : taps) {
      const int row = inside(y + tap.dy, image.height, edge);
      for (int x = 0; x < image.width; ++x) {
        const auto* pixel = source.at(row, inside(x + tap.dx, image.width, edge));
        for (int c = 0; c < 3; ++c) sums[3 * std::size_t(x) + c] += tap.weight * pixel[c];
      }
    }
    std::ranges::transform(sums, image.at(y, 0), rounded_byte);
  }
}

void normalise(std::vector<Tap>& taps) {
  double sum = 0;
  for (const auto& tap : taps) sum += tap.weight;
  for (auto& tap : taps) tap.weight /= sum;
}

/// A disk whose rim is softened by a bell. The scripts lose and gain a little at the edge of the array that
/// holds it, up to 1.3 % of the brightness; here it sums to 1.
std::vector<Tap> soft_disk(double radius, double softness) {
  const int soft = radius <= 8 ? 1 : 2, hard = int(radius), reach = hard + soft;
  const auto rim = bell(softness, soft);
  std::vector<Tap> taps;
  for (int y = -reach; y <= reach; ++y)
    for (int x = -reach; x <= reach; ++x) {
      double weight = 0;
      for (int dy = -soft; dy <= soft; ++dy)
        for (int dx = -soft; dx <= soft; ++dx)
          if ((y + dy) * (y + dy) + (x + dx) * (x + dx) <= radius * radius)
            weight += rim[std::size_t(dy + soft)] * rim[std::size_t(dx + soft)];
      if (weight > 0) taps.push_back({y, x, weight});
    }
  normalise(taps);
  return taps;
}

/// Half a bell that trails off in one direction.
std::vector<Tap> trail(double radius, double deviation, double degrees) {
  const double angle = degrees * std::numbers::pi / 180;
  const int length = 2 * int(std::ceil(radius)) + 1;
  std::vector<Tap> taps;
  for (int i = 0; i < length; ++i)
    taps.push_back({int(std::ceil(i * std::sin(angle) - 0.5)), int(std::ceil(i * std::cos(angle) - 0.5)),
                    std::exp(-0.5 * i * i / (deviation * deviation))});
  normalise(taps);
  return taps;
}

/// Adds the image as it looks from nearer by, between pixels linearly.
void add_zoomed(const Image& image, double factor, std::vector<double>& sums) {
  const auto rows = zoomed_side(image.height, factor), columns = zoomed_side(image.width, factor);
  auto sum = sums.begin();
  for (const auto& row : rows)
    for (const auto& column : columns)
      for (int c = 0; c < 3; ++c, ++sum) {
        const auto across = [&](int y) {
          return std::lerp(double(image.at(y, column.low)[c]), double(image.at(y, column.high)[c]),
                           column.share);
        };
        *sum += std::lerp(across(row.low), across(row.high), row.share);
      }
}

/// Pixels become others that stand up to `reach` above or to the left of them, or less than that below or to
/// the right. The scripts mean to swap the two and copy one, for NumPy hands out views: so did the published
/// sets.
void shuffle(Image& image, int reach, Draw& draw) {
  for (int y = image.height - reach; y > reach; --y)
    for (int x = image.width - reach; x > reach; --x) {
      const int dx = int(draw.below(std::uint32_t(2 * reach))) - reach;
      const int dy = int(draw.below(std::uint32_t(2 * reach))) - reach;
      std::copy_n(image.at(y + dy, x + dx), 3, image.at(y, x));
    }
}

}  // namespace

void blur_along(Image& image, double radius, double deviation, double degrees) {
  convolve(image, trail(radius, deviation, degrees), Edge::Nearest);
}

std::vector<Between> zoomed_side(int n, double factor) {
  const int kept = int(std::ceil(n / factor)), first = (n - kept) / 2;
  const int full = int(std::nearbyint(kept * factor)), trim = (full - n) / 2;
  std::vector<Between> places;
  for (int i = 0; i < n; ++i) {
    const double at = full == 1 ? 0 : double(i + trim) * (kept - 1) / (full - 1);
    const int low = std::min(int(at), kept - 1);
    places.push_back({first + low, first + std::min(low + 1, kept - 1), at - low});
  }
  return places;
}

Corruption gaussian_blur(double deviation) {
  const int reach = int(4 * deviation + 0.5);
  return [weights = bell(deviation, reach), reach](Image& image, Draw) {
    const int height = image.height, width = image.width;
    std::vector<double> across(image.pixels.size(), 0);
    for (int y = 0; y < height; ++y)
      for (int i = -reach; i <= reach; ++i)
        for (int x = 0; x < width; ++x) {
          const auto* pixel = image.at(y, inside(x + i, width, Edge::Nearest));
          auto* sum = &across[3 * (std::size_t(y) * width + x)];
          for (int c = 0; c < 3; ++c) sum[c] += weights[std::size_t(i + reach)] * pixel[c];
        }
    const std::size_t stride = 3 * std::size_t(width);
    std::vector<double> sums(stride);
    for (int y = 0; y < height; ++y) {
      std::ranges::fill(sums, 0);
      for (int i = -reach; i <= reach; ++i) {
        const auto* row = &across[stride * std::size_t(inside(y + i, height, Edge::Nearest))];
        for (std::size_t x = 0; x < stride; ++x) sums[x] += weights[std::size_t(i + reach)] * row[x];
      }
      std::ranges::transform(sums, image.at(y, 0), rounded_byte);
    }
  };
}

Corruption defocus_blur(double radius, double softness) {
  return [taps = soft_disk(radius, softness)](Image& image, Draw) { convolve(image, taps, Edge::Mirrored); };
}

Corruption glass_blur(double deviation, int reach, int times) {
  return [=, blur = gaussian_blur(deviation)](Image& image, Draw draw) {
    blur(image, draw);
    for (int i = 0; i < times; ++i) shuffle(image, reach, draw);
    blur(image, draw);
  };
}

Corruption motion_blur(double radius, double deviation) {
  return [=](Image& image, Draw draw) { blur_along(image, radius, deviation, draw.uniform(-45, 45)); };
}

Corruption zoom_blur(double limit, double step) {
  // The scripts make the factors by NumPy's arange, whose rounding lets the limit itself in now and then.
  const int factors = int(std::ceil((limit - 1) / step));
  return [=](Image& image, Draw) {
    std::vector<double> sums(image.pixels.begin(), image.pixels.end());
    for (int i = 0; i < factors; ++i) add_zoomed(image, 1 + i * step, sums);
    std::ranges::transform(sums, image.pixels.begin(),
                           [&](double sum) { return rounded_byte(sum / (factors + 1)); });
  };
}

}  // namespace ablate
