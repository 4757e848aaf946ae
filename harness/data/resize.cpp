#include <algorithm>
#include <cmath>

#include "harness/data/image_operations.h"

namespace ablate {
namespace {

/// Which source pixels an output pixel is made of, and by which weights, in units of 2^-22 as Pillow has
/// them.
struct Taps {
  int first = 0;
  std::vector<std::int32_t> weights;
};

constexpr int kWeightBits = 22;

/// A filter: its weight at a distance from the centre, 0 from its radius on.
struct Kernel {
  double (*weight)(double distance);
  double radius;
};

double triangle(double x) {
  return std::max(0.0, 1.0 - std::abs(x));
}
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}
double box(double x) {
  return x > -0.5 && x <= 0.5 ? 1 : 0;
}

Kernel kernel_of(Filter filter) {
  switch (filter) {
    case Filter::Cubic:
      return {cubic, 2};
    case Filter::Box:
      return {box, 0.5};
    default:
      return {triangle, 1};
  }
}

/// For the output pixels begin..end-1 when `from` pixels become `to`.
std::vector<Taps> taps_of(Filter filter, int from, int to, int begin, int end) {
  const auto kernel = kernel_of(filter);
  const double scale = double(from) / to, stretch = std::max(scale, 1.0);
  const double support = kernel.radius * stretch;
  std::vector<Taps> taps;
  std::vector<double> weights;
  for (int i = begin; i < end; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(0, int(centre - support + 0.5));
    const int last = std::min(from, int(centre + support + 0.5));
    weights.clear();
    double sum = 0;
    for (int j = first; j < last; ++j) {
      weights.push_back(kernel.weight((j + 0.5 - centre) / stretch));
      sum += weights.back();
    }
    taps.push_back({.first = first});
    for (const double w : weights)
      taps.back().weights.push_back(std::int32_t(std::floor(w / sum * (1 << kWeightBits) + 0.5)));
  }
  return taps;
}

constexpr std::int32_t kHalf = 1 << (kWeightBits - 1);

std::uint8_t to_byte(std::int32_t sum) {
  return std::uint8_t(std::clamp(sum >> kWeightBits, 0, 255));
}

/// Rows first..last-1 of the image, each made of the taps.
Image horizontal_pass(const Image& image, const std::vector<Taps>& taps, int first, int last) {
  Image out{.height = last - first, .width = int(taps.size())};
  out.pixels.resize(3 * std::size_t(out.height) * out.width);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      std::int32_t sum[3] = {kHalf, kHalf, kHalf};
      const std::uint8_t* source = image.at(first + y, taps[x].first);
      for (const std::int32_t weight : taps[x].weights)
        for (std::int32_t& channel : sum) channel += weight * *source++;
      for (int c = 0; c < 3; ++c) out.at(y, x)[c] = to_byte(sum[c]);
    }
  return out;
}

/// `image` starts at row `offset` of what the taps count in.
Image vertical_pass(const Image& image, const std::vector<Taps>& taps, int offset) {
  Image out{.height = int(taps.size()), .width = image.width};
  const std::size_t stride = 3 * std::size_t(out.width);
  out.pixels.resize(stride * out.height);
  std::vector<std::int32_t> sums(stride);
  for (int y = 0; y < out.height; ++y) {
    std::fill(sums.begin(), sums.end(), kHalf);
    for (std::size_t j = 0; j < taps[y].weights.size(); ++j) {
      const std::uint8_t* row = image.at(taps[y].first - offset + int(j), 0);
      for (std::size_t i = 0; i < stride; ++i) sums[i] += taps[y].weights[j] * row[i];
    }
    std::transform(sums.begin(), sums.end(), out.at(y, 0), to_byte);
  }
  return out;
}

}  // namespace

Image resized(const Image& image, int height, int width, Filter filter) {
  return resized_window(image, height, width, 0, 0, height, width, filter);
}

Image resized_window(const Image& image, int full_height, int full_width, int top, int left, int height,
                     int width, Filter filter) {
  const auto columns = taps_of(filter, image.width, full_width, left, left + width);
  const auto rows = taps_of(filter, image.height, full_height, top, top + height);
  const int first = rows.front().first, last = rows.back().first + int(rows.back().weights.size());
  return vertical_pass(horizontal_pass(image, columns, first, last), rows, first);
}

}  // namespace ablate
