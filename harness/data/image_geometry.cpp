#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "harness/data/image_operations.h"

namespace ablate {
namespace {

/// Where an output pixel's centre (x, y) lies in the source: (a x + b y + c, d x + e y + f).
struct Affine {
  double a = 1, b = 0, c = 0;
  double d = 0, e = 1, f = 0;
};

/// The image as it was, while it is drawn anew.
class Source {
 public:
  Source(Image& image, std::vector<std::uint8_t>& memory)
      : height_(image.height), width_(image.width), pixels_(memory) {
    pixels_.resize(image.pixels.size());
    pixels_.swap(image.pixels);
  }

  bool holds(double x, double y) const { return x >= 0 && x < width_ && y >= 0 && y < height_; }
  const std::uint8_t* at(int y, int x) const {
    return pixels_.data() + 3 * (std::size_t(y) * std::size_t(width_) + std::size_t(x));
  }
  /// The row or column, or the border's next to it.
  const std::uint8_t* row(int y) const { return at(std::clamp(y, 0, height_ - 1), 0); }
  std::ptrdiff_t column(int x) const { return 3 * std::ptrdiff_t(std::clamp(x, 0, width_ - 1)); }

 private:
  int height_, width_;
  std::vector<std::uint8_t>& pixels_;
};

void put(std::uint8_t* out, const std::array<std::uint8_t, 3>& colour) {
  std::memcpy(out, colour.data(), 3);
}

/// Pillow's steps of 2^-16 pixels.
void draw_nearest(const Source& source, const Affine& map, const Sampling& sampling, Image& image) {
  const auto fixed = [](double v) { return std::int64_t(std::floor(v * 65536 + 0.5)); };
  const auto a = fixed(map.a), b = fixed(map.b), d = fixed(map.d), e = fixed(map.e);
  const auto c = fixed(map.c + 0.5 * (map.a + map.b)), f = fixed(map.f + 0.5 * (map.d + map.e));
  auto* out = image.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    std::int64_t from_x = c + y * b, from_y = f + y * e;
    for (int x = 0; x < image.width; ++x, out += 3, from_x += a, from_y += d) {
      const auto column = from_x >> 16, row = from_y >> 16;
      if (column >= 0 && column < image.width && row >= 0 && row < image.height)
        std::memcpy(out, source.at(int(row), int(column)), 3);
      else
        put(out, sampling.fill);
    }
  }
}

/// A cubic through four neighbours (Keys 1981 with a = -1) at t in [0, 1) behind the second.
double cubic(double p, double q, double r, double s, double t) {
  return q + t * (r - p + t * (2 * (p - q) + r - s + t * (q - p - r + s)));
}

/// As std::floor, which is a call on machines that do not promise more than SSE2.
int floor_of(double value) {
  const int truncated = int(value);
  return truncated - (value < truncated);
}

void sample_bilinear(const Source& source, double x, double y, std::uint8_t* out) {
  const int column = floor_of(x), row = floor_of(y);
  const double dx = x - column, dy = y - row;
  const auto *top = source.row(row), *low = source.row(row + 1);
  const auto left = source.column(column), right = source.column(column + 1);
  for (int i = 0; i < 3; ++i) {
    const double upper = top[left + i] + (top[right + i] - top[left + i]) * dx,
                 lower = low[left + i] + (low[right + i] - low[left + i]) * dx;
    out[i] = std::uint8_t(upper + (lower - upper) * dy);
  }
}

void sample_bicubic(const Source& source, double x, double y, std::uint8_t* out) {
  const int column = floor_of(x), row = floor_of(y);
  const double dx = x - column, dy = y - row;
  std::ptrdiff_t at[4];
  for (int i = 0; i < 4; ++i) at[i] = source.column(column - 1 + i);
  double rows[4][3];
  for (int j = 0; j < 4; ++j) {
    const auto* of = source.row(row - 1 + j);
    for (int i = 0; i < 3; ++i)
      rows[j][i] = cubic(of[at[0] + i], of[at[1] + i], of[at[2] + i], of[at[3] + i], dx);
  }
  for (int i = 0; i < 3; ++i) {
    const double value = cubic(rows[0][i], rows[1][i], rows[2][i], rows[3][i], dy);
    out[i] = std::uint8_t(std::max(0.0, std::min(value, 255.0)));
  }
}

/// `sample(source, x, y, out)` makes a pixel from (x, y), counted from the middle of the first pixel.
template <class Sample>
void draw_between(const Source& source, const Affine& map, const Sampling& sampling, Image& image,
                  const Sample& sample) {
  auto* out = image.pixels.data();
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x, out += 3) {
      const double centre_x = x + 0.5, centre_y = y + 0.5;
      const double from_x = map.a * centre_x + map.b * centre_y + map.c,
                   from_y = map.d * centre_x + map.e * centre_y + map.f;
      if (source.holds(from_x, from_y))
        sample(source, from_x - 0.5, from_y - 0.5, out);
      else
        put(out, sampling.fill);
    }
}

void transform(Image& image, const Affine& map, const Sampling& sampling) {
  thread_local std::vector<std::uint8_t> memory;  // keeps its memory from image to image
  const Source source(image, memory);
  switch (sampling.interpolation) {
    case Interpolation::Nearest:
      return draw_nearest(source, map, sampling, image);
    case Interpolation::Bilinear:
      return draw_between(source, map, sampling, image, sample_bilinear);
    case Interpolation::Bicubic:
      return draw_between(source, map, sampling, image, sample_bicubic);
  }
}

/// To 15 decimals, so that the sine of 180 degrees is zero.
double rounded(double value) {
  return std::nearbyint(value * 1e15) / 1e15;
}

}  // namespace

void shear_x(Image& image, double factor, const Sampling& sampling) {
  transform(image, {.b = factor}, sampling);
}

void shear_y(Image& image, double factor, const Sampling& sampling) {
  transform(image, {.d = factor}, sampling);
}

void translate_x(Image& image, double pixels, const Sampling& sampling) {
  transform(image, {.c = pixels}, sampling);
}

void translate_y(Image& image, double pixels, const Sampling& sampling) {
  transform(image, {.f = pixels}, sampling);
}

void rotate(Image& image, double degrees, const Sampling& sampling) {
  // Full turns are taken off, and additions done, as Pillow does: the last bit decides where a value falls
  // between two bytes.
  const double turned = degrees - 360 * std::floor(degrees / 360);
  const double angle = -(turned * (std::numbers::pi / 180));
  const double cosine = rounded(std::cos(angle)), sine = rounded(std::sin(angle));
  const double x = image.width / 2.0, y = image.height / 2.0;
  transform(image, {cosine, sine, (-cosine * x - sine * y) + x, -sine, cosine, (sine * x - cosine * y) + y},
            sampling);
}

}  // namespace ablate
