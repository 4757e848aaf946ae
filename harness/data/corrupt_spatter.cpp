#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "harness/data/corrupted_bytes.h"
#include "harness/data/image_corruptions.h"
#include "harness/data/plane.h"

namespace ablate {
namespace {

constexpr std::array<double, 3> kWater{175, 238, 238}, kMud{63, 42, 20};

/// Correlates with the rows of a 3 x 3 kernel.
Plane filtered(const Plane& plane, const std::array<double, 9>& kernel, Edge edge) {
  Plane sums = plane;
  for (int y = 0; y < plane.height; ++y)
    for (int x = 0; x < plane.width; ++x) {
      double sum = 0;
      for (int k = 0; k < 9; ++k)
        sum += kernel[std::size_t(k)] *
               plane.at(inside(y + k / 3 - 1, plane.height, edge), inside(x + k % 3 - 1, plane.width, edge));
      sums.at(y, x) = sum;
    }
  return sums;
}

Plane box_mean(const Plane& plane) {
  return blurred(plane, {1 / 3.0, 1 / 3.0, 1 / 3.0}, Edge::Mirrored);
}

template <class F>
Plane each(Plane plane, const F& change) {
  std::ranges::transform(plane.values, plane.values.begin(), change);
  return plane;
}

/// Where Canny's method finds edges (Canny 1986; gradients by Sobel, |dx| + |dy| as their size): ridges of
/// the gradient above `high`, and those above `low` that touch them.
class Edges {
 public:
  Edges(const Plane& plane, double low, double high)
      : dx_(filtered(plane, {-1, 0, 1, -2, 0, 2, -1, 0, 1}, Edge::Nearest)),
        dy_(filtered(plane, {-1, -2, -1, 0, 0, 0, 1, 2, 1}, Edge::Nearest)),
        found_(plane.values.size(), false) {
    for (int y = 0; y < plane.height; ++y)
      for (int x = 0; x < plane.width; ++x)
        if (size(y, x) > high && is_ridge(y, x)) follow(y, x, low);
  }

  bool at(int y, int x) const { return found_[index(y, x)]; }

 private:
  std::size_t index(int y, int x) const { return std::size_t(y) * std::size_t(dx_.width) + std::size_t(x); }
  bool holds(int y, int x) const { return y >= 0 && x >= 0 && y < dx_.height && x < dx_.width; }
  double size(int y, int x) const {
    return holds(y, x) ? std::abs(dx_.at(y, x)) + std::abs(dy_.at(y, x)) : 0;
  }
  /// Larger than its two neighbours along the gradient, which is taken to one of four directions.
  bool is_ridge(int y, int x) const {
    const double tangent = std::sqrt(2.0) - 1;  // of 22.5 degrees
    const double dx = dx_.at(y, x), dy = dy_.at(y, x), here = size(y, x);
    if (std::abs(dy) < tangent * std::abs(dx)) return here > size(y, x - 1) && here >= size(y, x + 1);
    if (std::abs(dx) < tangent * std::abs(dy)) return here > size(y - 1, x) && here >= size(y + 1, x);
    const int side = (dx < 0) != (dy < 0) ? -1 : 1;
    return here > size(y - 1, x - side) && here > size(y + 1, x + side);
  }
  void follow(int y, int x, double low) {
    std::vector<std::pair<int, int>> open{{y, x}};
    while (!open.empty()) {
      const auto [row, column] = open.back();
      open.pop_back();
      if (!holds(row, column) || found_[index(row, column)]) continue;
      if (size(row, column) <= low || !is_ridge(row, column)) continue;
      found_[index(row, column)] = true;
      for (int k = 0; k < 9; ++k) open.emplace_back(row + k / 3 - 1, column + k % 3 - 1);
    }
  }

  Plane dx_, dy_;
  std::vector<bool> found_;
};

/// How far it is to the nearest edge, at most so far, in steps of a knight and a king (Borgefors 1986: 1, 1.4
/// and 2.1969, OpenCV's choice).
Plane distances(const Edges& edges, int height, int width, double most) {
  struct Move {
    int dy, dx;
    double length;
  };
  static constexpr std::array<Move, 8> kBehind{{{0, -1, 1},
                                                {-1, 0, 1},
                                                {-1, -1, 1.4},
                                                {-1, 1, 1.4},
                                                {-1, -2, 2.1969},
                                                {-1, 2, 2.1969},
                                                {-2, -1, 2.1969},
                                                {-2, 1, 2.1969}}};
  Plane plane{height, width, std::vector<double>(std::size_t(height) * std::size_t(width), most)};
  for (const int way : {1, -1})  // down and to the right, then back
    for (int i = 0; i < height * width; ++i) {
      const int at = way > 0 ? i : height * width - 1 - i, y = at / width, x = at % width;
      double& here = plane.at(y, x);
      if (edges.at(y, x)) here = 0;
      for (const auto& move : kBehind) {
        const int row = y + way * move.dy, column = x + way * move.dx;
        if (row >= 0 && row < height && column >= 0 && column < width)
          here = std::min(here, plane.at(row, column) + move.length);
      }
    }
  return plane;
}

/// Bytes whose histogram is flat; those of one value stay.
Plane equalized(const Plane& bytes) {
  std::array<double, 256> counts{};
  for (const double byte : bytes.values) ++counts[std::size_t(byte)];
  const auto least = std::size_t(*std::ranges::min_element(bytes.values));
  const double others = double(bytes.values.size()) - counts[least];
  if (others == 0) return bytes;
  counts[least] = 0;
  std::partial_sum(counts.begin(), counts.end(), counts.begin());
  return each(bytes,
              [&](double byte) { return double(rounded_byte(counts[std::size_t(byte)] / others * 255)); });
}

/// Cut off as the scripts do, but for what only rounding keeps from being whole.
double whole_part(double value) {
  return std::floor(value + 1e-9);
}

/// The light on drops, 0..1: thick where there is much of it and in the upper left of what lies far from its
/// edge, as the scripts emboss it. Values of 0..1; dark where there is none.
Plane shine_of(const Plane& liquid, double strength) {
  const auto to_byte = [](double value) { return double(rounded_byte(value)); };
  const auto bytes =
      each(liquid, [](double value) { return std::floor(std::clamp(255 * value, 0.0, 255.0)); });
  const auto far = distances(Edges(bytes, 50, 150), liquid.height, liquid.width, 20);
  const auto flat = equalized(each(box_mean(far), whole_part));
  const auto raised = each(filtered(flat, {-2, -1, 0, -1, 1, 1, 0, 1, 2}, Edge::Mirrored), to_byte);
  auto shine = each(box_mean(raised), to_byte);
  for (std::size_t i = 0; i < shine.values.size(); ++i) shine.values[i] *= bytes.values[i];
  const double most = *std::ranges::max_element(shine.values);
  return each(shine, [=](double value) { return most > 0 ? strength * value / most : 0; });
}

/// Opaque where most of what is around is liquid.
Plane cover_of(const Plane& liquid, double softness) {
  const auto there = each(liquid, [](double value) { return value > 0 ? 1.0 : 0.0; });
  return each(blurred(there, bell(softness, int(4 * softness + 0.5)), Edge::Nearest),
              [](double value) { return value < 0.8 ? 0 : value; });
}

}  // namespace

Corruption spatter(const Spatter& how) {
  return [=, weights = bell(how.softness, int(4 * how.softness + 0.5))](Image& image, Draw draw) {
    const auto drawn = normal_plane(image.height, image.width, how.mean, how.deviation, draw);
    const auto liquid = each(blurred(drawn, weights, Edge::Nearest),
                             [&](double value) { return value < how.threshold ? 0 : value; });
    const auto layer = how.mud ? cover_of(liquid, how.strength) : shine_of(liquid, how.strength);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      const double share = layer.values[i / 3];
      image.pixels[i] = how.mud ? rounded_byte(std::lerp(double(image.pixels[i]), kMud[i % 3], share))
                                : rounded_byte(image.pixels[i] + share * kWater[i % 3]);
    }
  };
}

}  // namespace ablate
