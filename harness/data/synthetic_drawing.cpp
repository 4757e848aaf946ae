#include "harness/data/synthetic_drawing.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace ablate {
namespace {

using Colour = std::array<int, 3>;

constexpr int kPixel = 256;  // one pixel, in the units of places and lengths
constexpr int kUnit = 1024;  // the radius of a shape, in its own coordinates
constexpr int kTurn = 64;    // steps of a full turn
constexpr int kOne = 4096;   // 1.0 of the sine table

/// round(4096 sin(2 pi i / 64)) of the first quarter.
constexpr std::array<int, 17> kQuarterSine{0,    401,  799,  1189, 1567, 1931, 2276, 2598, 2896,
                                           3166, 3406, 3612, 3784, 3920, 4017, 4076, 4096};

int sine(int step) {
  step = step & (kTurn - 1);
  if (step > kTurn / 2) return -sine(step - kTurn / 2);
  return kQuarterSine[step > kTurn / 4 ? kTurn / 2 - step : step];
}

constexpr int square(int x) {
  return x * x;
}

/// Whether (u, v) lies in a shape of radius kUnit around the origin.
struct ShapeKind {
  const char* name;
  bool (*holds)(int u, int v);
};

constexpr std::array<ShapeKind, 10> kShapes{{
    {"disc", [](int u, int v) { return square(u) + square(v) < square(920); }},
    {"ring",
     [](int u, int v) {
       const int r = square(u) + square(v);
       return r > square(560) && r < square(980);
     }},
    {"square", [](int u, int v) { return std::max(std::abs(u), std::abs(v)) < 780; }},
    {"frame",
     [](int u, int v) {
       const int r = std::max(std::abs(u), std::abs(v));
       return r > 470 && r < 850;
     }},
    {"triangle", [](int u, int v) { return v < 512 && 1536 * std::abs(u) < 887 * (v + kUnit); }},
    {"cross",
     [](int u, int v) {
       return std::min(std::abs(u), std::abs(v)) < 270 && std::max(std::abs(u), std::abs(v)) < 960;
     }},
    {"bar", [](int u, int v) { return std::abs(u) < 320 && std::abs(v) < 1000; }},
    {"bow", [](int u, int v) { return v > -300 && square(u) + square(v + 300) < square(980); }},
    {"pair", [](int u, int v) { return square(std::abs(u) - 560) + square(v) < square(440); }},
    {"corner",
     [](int u, int v) {
       return std::min(u, -v) > -800 && std::min(u, -v) < -250 && std::max(std::abs(u), std::abs(v)) < 800;
     }},
}};

/// Whether (u, v) takes the second colour of a shape.
struct FillKind {
  const char* name;
  bool (*second)(int u, int v);
};

int band(int x) {
  return (x + 8 * kUnit) / 410 & 1;
}

constexpr std::array<FillKind, 4> kFills{{
    {"", [](int, int) { return false; }},
    {"striped ", [](int u, int) { return band(u) == 1; }},
    {"checked ", [](int u, int v) { return band(u) != band(v); }},
    {"halved ", [](int, int v) { return v > 0; }},
}};

/// A placed shape.
struct Figure {
  const ShapeKind* shape = kShapes.data();
  const FillKind* fill = kFills.data();
  int x = 0, y = 0, radius = kPixel, turn = 0;
  int stretch = 256;  // of u, in 1/256
  Colour first{}, second{};

  /// The colour at a place, or null outside the figure.
  const Colour* at(int px, int py) const {
    const int dx = px - x, dy = py - y, c = sine(turn + kTurn / 4), s = sine(turn);
    const std::int64_t u = std::int64_t(c) * dx + std::int64_t(s) * dy;
    const std::int64_t v = std::int64_t(c) * dy - std::int64_t(s) * dx;
    const int unit_u = int(u * kUnit / kOne * stretch / 256 / radius);
    const int unit_v = int(v * kUnit / kOne / radius);
    if (std::max(std::abs(unit_u), std::abs(unit_v)) > kUnit || !shape->holds(unit_u, unit_v)) return nullptr;
    return fill->second(unit_u, unit_v) ? &second : &first;
  }
};

/// Draws of one picture, and how hard it is to be, in 1/256.
class Painter {
 public:
  Painter(const DrawingStyle& style, Draw draw)
      : side_(style.size * kPixel), hard_(int(style.difficulty * 256)), draw_(draw) {}

  std::string paint(int kind) {
    background_ = between({70, 70, 70}, {185, 185, 185});
    slope_x_ = between({-60, -60, -60}, {60, 60, 60});
    slope_y_ = between({-60, -60, -60}, {60, 60, 60});
    for (int n = int(draw_.below(2 + 4 * hard_ / 256)); n > 0; --n) figures_.push_back(clutter());
    figures_.push_back(subject(kind));
    if (int(draw_.below(360)) < hard_) figures_.push_back(clutter());
    return pixels();
  }

 private:
  /// low..high, both included.
  int between(int low, int high) { return low + int(draw_.below(std::uint32_t(high - low + 1))); }
  Colour between(const Colour& low, const Colour& high) {
    Colour colour;
    for (int c = 0; c < 3; ++c) colour[c] = between(low[c], high[c]);
    return colour;
  }

  Figure subject(int kind) {
    Figure figure{.shape = &kShapes[kind % kShapes.size()], .fill = &kFills[kind / kShapes.size()]};
    const int jitter = side_ * (6 + 7 * hard_ / 256) / 100;
    figure.x = side_ / 2 + between(-jitter, jitter);
    figure.y = side_ / 2 + between(-jitter, jitter);
    figure.radius = side_ * between(38 - 10 * hard_ / 256, 42) / 100;
    figure.turn = between(-kTurn * hard_ / 720, kTurn * hard_ / 720);
    figure.stretch = between(256 - 34 * hard_ / 256, 256 + 45 * hard_ / 256);
    const int contrast = 100 - 56 * hard_ / 256;
    for (int c = 0; c < 3; ++c) {
      const int sign = draw_.below(2) == 0 ? 1 : -1;
      figure.first[c] = background_[c] + sign * between(contrast / 2, contrast);
      figure.second[c] = background_[c] - sign * between(contrast / 2, contrast);
    }
    return figure;
  }

  Figure clutter() {
    Figure figure{.shape = &kShapes[draw_.below(kShapes.size())]};
    figure.x = between(0, side_);
    figure.y = between(0, side_);
    figure.radius = side_ * between(6, 16) / 100;
    figure.turn = between(0, kTurn - 1);
    figure.first = between({30, 30, 30}, {225, 225, 225});
    return figure;
  }

  Colour colour_at(int x, int y) const {
    for (auto figure = figures_.rbegin(); figure != figures_.rend(); ++figure)
      if (const Colour* colour = figure->at(x, y)) return *colour;
    Colour colour;
    for (int c = 0; c < 3; ++c)
      colour[c] =
          background_[c] + slope_x_[c] * (x - side_ / 2) / side_ + slope_y_[c] * (y - side_ / 2) / side_;
    return colour;
  }

  /// Four times four samples a pixel, then noise of a rounded bell shape.
  std::string pixels() {
    constexpr int kSamples = 4;
    std::string bytes;
    for (int y = 0; y < side_; y += kPixel)
      for (int x = 0; x < side_; x += kPixel) {
        Colour sum{};
        for (int i = 0; i < kSamples * kSamples; ++i) {
          constexpr int kStep = kPixel / kSamples;
          const Colour colour =
              colour_at(x + kStep / 2 + i % kSamples * kStep, y + kStep / 2 + i / kSamples * kStep);
          for (int c = 0; c < 3; ++c) sum[c] += colour[c];
        }
        for (const int channel : sum)
          bytes += char(std::clamp(channel / (kSamples * kSamples) + noise(), 0, 255));
      }
    return bytes;
  }

  int noise() {
    const std::uint32_t bits = draw_.bits();
    const int sum = int((bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24));
    return (sum - 510) * hard_ / (256 * 4);  // standard deviation 148 * difficulty / 4
  }

  int side_, hard_;
  Draw draw_;
  Colour background_{}, slope_x_{}, slope_y_{};
  std::vector<Figure> figures_;  // back to front
};

}  // namespace

int drawing_kinds() {
  return int(kShapes.size() * kFills.size());
}

std::string drawing_name(int kind) {
  return std::string(kFills[kind / kShapes.size()].name) + kShapes[kind % kShapes.size()].name;
}

std::string draw_picture(int kind, const DrawingStyle& style, Draw draw) {
  return Painter(style, draw).paint(kind);
}

}  // namespace ablate
