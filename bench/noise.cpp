#include "bench/noise.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace ablate {
namespace {

constexpr int kTestImages = 2;

class NoiseSource final : public DataSource {
 public:
  explicit NoiseSource(const Noise& noise) : noise_(noise) {}

  std::vector<std::string> classes() const override {
    std::vector<std::string> names;
    for (int i = 0; i < noise_.classes; ++i) names.push_back(fmt::format("{}", i));
    return names;
  }
  std::size_t size() const override { return std::size_t(noise_.train) + kTestImages; }

  StoredImage read(std::size_t index) const override {
    std::minstd_rand random(unsigned(index) + 1);
    std::string bytes(3 * std::size_t(noise_.size) * noise_.size, '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return char(random() >> 16); });
    return {.split = index < std::size_t(noise_.train) ? Split::Train : Split::Test,
            .label = int(index % noise_.classes),
            .path = fmt::format("{}", index),
            .bytes = std::move(bytes),
            .height = noise_.size,
            .width = noise_.size};
  }

  std::string stamp() const override {
    return fmt::format("noise, {} classes, {} pixels, {} images", noise_.classes, noise_.size, noise_.train);
  }
  bool drawn() const override { return true; }

 private:
  Noise noise_;
};

}  // namespace

DataEntry noise_data(const Noise& noise) {
  DataEntry entry = *find_data("synthetic");
  entry.open = [noise](const nlohmann::json&) { return std::make_unique<NoiseSource>(noise); };
  return entry;
}

}  // namespace ablate
