#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "harness/data/corrupted_bytes.h"
#include "harness/data/image_corruptions.h"
#include "harness/data/plane.h"

namespace ablate {
namespace {

using Channels = std::array<Plane, 3>;

Channels planes_of(const Image& image) {
  Channels channels;
  for (std::size_t c = 0; c < 3; ++c) {
    channels[c] = {image.height, image.width, {}};
    for (std::size_t i = c; i < image.pixels.size(); i += 3) channels[c].values.push_back(image.pixels[i]);
  }
  return channels;
}

struct Point {
  double x = 0, y = 0;
};
Point operator-(const Point& a, const Point& b) {
  return {a.x - b.x, a.y - b.y};
}
double cross(const Point& a, const Point& b) {
  return a.x * b.y - a.y * b.x;
}

/// Three corners of a square move, and all with them: where each place of the new image was in the old one.
class Affinity {
 public:
  Affinity(int height, int width, double shift, Draw& draw)
      : half_(std::max(1, std::min(height, width) / 3)) {
    const double x = width / 2, y = height / 2;
    corner_ = {x + half_, y - half_};
    std::array<Point, 3> moved{{{x + half_, y + half_}, corner_, {x - half_, y - half_}}};
    for (auto& point : moved) {
      point.x += draw.uniform(-shift, shift);
      point.y += draw.uniform(-shift, shift);
    }
    origin_ = moved[1];
    down_ = moved[0] - moved[1];
    left_ = moved[2] - moved[1];
  }

  Point source(int y, int x) const {
    const Point from = Point{double(x), double(y)} - origin_;
    const double whole = cross(down_, left_);
    const double down = cross(from, left_) / whole, left = cross(down_, from) / whole;
    return {corner_.x - 2 * half_ * left, corner_.y + 2 * half_ * down};
  }

 private:
  double half_;
  Point corner_;                // upper right, where it was
  Point origin_, down_, left_;  // it and the ways to its two neighbours, where they are
};

/// Smooth displacements along one axis: uniform draws within `reach`, blurred.
Plane displacements(int height, int width, double reach, double deviation, Draw& draw) {
  Plane plane{height, width, std::vector<double>(std::size_t(height) * std::size_t(width), 0)};
  if (reach == 0) return plane;
  for (double& value : plane.values) value = draw.uniform(-reach, reach);
  return blurred(plane, bell(deviation, int(3 * deviation + 0.5)), Edge::MirroredWhole);
}

}  // namespace

Corruption elastic_transform(double reach, double deviation, double shift) {
  return [=](Image& image, Draw draw) {
    const int height = image.height, width = image.width;
    const Affinity affinity(height, width, shift, draw);
    const auto dx = displacements(height, width, reach, deviation, draw);
    const auto dy = displacements(height, width, reach, deviation, draw);
    const auto channels = planes_of(image);
    for (std::size_t c = 0; c < 3; ++c) {
      Plane moved = channels[c];
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
          const auto from = affinity.source(y, x);
          moved.at(y, x) = between(channels[c], from.y, from.x, Edge::Mirrored);
        }
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
          image.at(y, x)[c] =
              rounded_byte(between(moved, y + dy.at(y, x), x + dx.at(y, x), Edge::MirroredWhole));
    }
  };
}

}  // namespace ablate
