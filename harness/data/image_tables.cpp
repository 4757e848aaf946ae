#include <algorithm>
#include <array>
#include <numeric>

#include "harness/data/image_operations.h"

namespace ablate {
namespace {

using Table = std::array<std::uint8_t, 256>;
using Histogram = std::array<std::int64_t, 256>;

/// What each byte becomes, by `value(i)`.
template <class Value>
Table table_of(const Value& value) {
  Table table;
  for (int i = 0; i < 256; ++i) table[i] = std::uint8_t(value(i));
  return table;
}

void look_up(Image& image, const Table& table) {
  for (auto& byte : image.pixels) byte = table[byte];
}

void look_up(Image& image, const std::array<Table, 3>& tables) {
  for (std::size_t i = 0; i < image.pixels.size(); i += 3)
    for (std::size_t c = 0; c < 3; ++c) image.pixels[i + c] = tables[c][image.pixels[i + c]];
}

/// Replaces the bytes of each channel by a table made from the channel's histogram.
template <class TableOf>
void by_histogram(Image& image, const TableOf& table_of_channel) {
  std::array<Histogram, 3> histograms{};
  for (std::size_t i = 0; i < image.pixels.size(); i += 3)
    for (std::size_t c = 0; c < 3; ++c) ++histograms[c][image.pixels[i + c]];
  look_up(image, {table_of_channel(histograms[0]), table_of_channel(histograms[1]),
                  table_of_channel(histograms[2])});
}

Table identity_table() {
  return table_of([](int i) { return i; });
}

int lowest(const Histogram& histogram) {
  return int(std::find_if(histogram.begin(), histogram.end(), [](auto n) { return n > 0; }) -
             histogram.begin());
}

int highest(const Histogram& histogram) {
  return 255 - int(std::find_if(histogram.rbegin(), histogram.rend(), [](auto n) { return n > 0; }) -
                   histogram.rbegin());
}

Table stretching(const Histogram& histogram) {
  const int low = lowest(histogram), high = highest(histogram);
  if (high <= low) return identity_table();
  const double scale = 255.0 / (high - low), offset = -low * scale;
  return table_of([&](int i) { return std::clamp(int(i * scale + offset), 0, 255); });
}

Table flattening(const Histogram& histogram) {
  const auto pixels = std::accumulate(histogram.begin(), histogram.end(), std::int64_t(0));
  const auto step = (pixels - histogram[highest(histogram)]) / 255;
  if (step == 0) return identity_table();
  auto below = step / 2;
  return table_of([&](int i) {
    const auto level = std::min<std::int64_t>(255, below / step);
    below += histogram[i];
    return level;
  });
}

}  // namespace

void autocontrast(Image& image) {
  by_histogram(image, stretching);
}

void equalize(Image& image) {
  by_histogram(image, flattening);
}

void invert(Image& image) {
  for (auto& byte : image.pixels) byte = std::uint8_t(255 - byte);
}

void posterize(Image& image, int bits) {
  const int mask = bits >= 8 ? 0xff : 0xff & ~((1 << (8 - bits)) - 1);
  for (auto& byte : image.pixels) byte = std::uint8_t(byte & mask);
}

void solarize(Image& image, double threshold) {
  look_up(image, table_of([&](int i) { return i < threshold ? i : 255 - i; }));
}

void solarize_add(Image& image, int addend) {
  look_up(image, table_of([&](int i) { return i < 128 ? std::min(255, i + addend) : i; }));
}

}  // namespace ablate
