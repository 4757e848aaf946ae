#include "harness/data/corruptions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/data/image_corruptions.h"
#include "tests/data/image_fixture.h"
#include "tests/data/support.h"

namespace ablate::test {
namespace {

constexpr int kSide = 96;  // 27648 values: their standard deviation is known to half a percent

Draw draw_of(std::uint64_t index) {
  return Stream(7, "test").at(0, index);
}

Image after(const Corruption& corruption, Image image, std::uint64_t index = 0) {
  corruption(image, draw_of(index));
  return image;
}

struct Moments {
  double mean = 0, deviation = 0;  // of values of 0..1
};

Moments moments_of(const Image& image) {
  double sum = 0, squares = 0;
  for (const auto byte : image.pixels) {
    sum += byte / 255.0;
    squares += byte / 255.0 * byte / 255.0;
  }
  const auto n = double(image.pixels.size());
  return {sum / n, std::sqrt(squares / n - sum / n * sum / n)};
}

double share_of(const Image& image, std::uint8_t value) {
  return double(std::count(image.pixels.begin(), image.pixels.end(), value)) / double(image.pixels.size());
}

double distance(const Image& a, const Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    const double difference = double(a.pixels[i]) - b.pixels[i];
    sum += difference * difference;
  }
  return std::sqrt(sum / double(a.pixels.size()));
}

TEST(GaussianNoise, KeepsTheMeanAndSpreadsByItsDeviation) {
  const auto grey = plain_image(kSide, kSide, 128);
  for (const double deviation : {0.04, 0.1}) {
    const auto [mean, spread] = moments_of(after(gaussian_noise(deviation), grey));
    EXPECT_NEAR(mean, 128 / 255.0, 0.002);
    EXPECT_NEAR(spread, deviation, 0.02 * deviation);
  }
  EXPECT_EQ(after(gaussian_noise(0), grey).pixels, grey.pixels);
}

TEST(SpeckleNoise, SpreadsInProportionToTheValue) {
  for (const int byte : {40, 80, 120})
    EXPECT_NEAR(
        moments_of(after(speckle_noise(0.2), plain_image(kSide, kSide, std::uint8_t(byte)))).deviation,
        0.2 * byte / 255, 0.02 * 0.2 * byte / 255);
  EXPECT_EQ(share_of(after(speckle_noise(0.2), plain_image(kSide, kSide, 0)), 0), 1);
}

TEST(ShotNoise, HasThePoissonLawsMeanAndVariance) {
  for (const double photons : {500, 50}) {
    const double value = 100 / 255.0;
    const auto [mean, spread] = moments_of(after(shot_noise(photons), plain_image(kSide, kSide, 100)));
    EXPECT_NEAR(mean, value, 0.002);
    EXPECT_NEAR(spread * spread, value / photons, 0.04 * value / photons);
  }
  EXPECT_EQ(share_of(after(shot_noise(60), plain_image(kSide, kSide, 0)), 0), 1);
}

TEST(ShotNoise, CountsSinglePhotonsWhereThereAreFew) {
  const auto seen = after(shot_noise(3), plain_image(kSide, kSide, 255));  // the mean is 3
  EXPECT_NEAR(share_of(seen, 0), std::exp(-3), 0.005);
  EXPECT_NEAR(share_of(seen, 85), 3 * std::exp(-3), 0.008);
  EXPECT_NEAR(share_of(seen, 170), 4.5 * std::exp(-3), 0.01);
  EXPECT_NEAR(share_of(seen, 255), 1 - 8.5 * std::exp(-3), 0.01);
}

TEST(ImpulseNoise, TurnsItsShareBlackAndWhiteInEqualParts) {
  const auto seen = after(impulse_noise(0.27), plain_image(kSide, kSide, 128));
  EXPECT_NEAR(share_of(seen, 0), 0.135, 0.008);
  EXPECT_NEAR(share_of(seen, 255), 0.135, 0.008);
  EXPECT_EQ(share_of(seen, 0) + share_of(seen, 255) + share_of(seen, 128), 1);
}

/// The mean distance to a few pictures that a corruption leaves behind.
double damage(const std::string& name, int severity, int size) {
  double sum = 0;
  const auto spoil = corruption(name, severity, size);
  for (std::uint64_t id = 0; id < 8; ++id) {
    const auto clean = id % 2 ? smooth_image(size, size) : stream_image(size, size, id);
    auto spoilt = clean;
    spoil(spoilt, {.id = id});
    sum += distance(clean, spoilt);
  }
  return sum / 8;
}

TEST(Corruptions, GetWorseWithTheirSeverity) {
  for (const auto& name : corruption_names())
    for (const int size : {32, 96}) {
      double before = 0;
      for (int severity = 1; severity <= kSeverities; ++severity) {
        const double now = damage(name, severity, size);
        EXPECT_GT(now, before) << name << " " << severity << " at " << size;
        before = now;
      }
    }
}

TEST(Corruptions, DrawByImageAndSeverityAlone) {
  const auto clean = stream_image(32, 32, 1);
  const auto seen = [&](int severity, const SampleAt& at) {
    auto image = clean;
    corruption("gaussian_noise", severity, 32)(image, at);
    return image.pixels;
  };
  EXPECT_EQ(seen(3, {.epoch = 0, .id = 5}), seen(3, {.epoch = 9, .id = 5, .view = 1, .repeat = 2}));
  EXPECT_NE(seen(3, {.id = 5}), seen(3, {.id = 6}));
  EXPECT_NE(seen(3, {.id = 5}), seen(4, {.id = 5}));
}

TEST(Corruptions, GiveTheSameBytesWithAnyNumberOfThreads) {
  const TemporaryFolder folder;
  const auto data =
      PackedData::open(pack_set("synthetic", {{"train", 10}, {"test", 10}}, folder.path()).file);
  std::vector<std::uint32_t> order(data->size());
  std::iota(order.begin(), order.end(), 0);
  for (const auto& name : corruption_names()) {
    std::vector<std::vector<std::uint8_t>> seen;
    for (const int threads : {0, 3}) {
      auto& pixels = seen.emplace_back();
      Loader loader(*data, order, corruption(name, 2, 16), 0, {.batch = 4, .size = 16, .threads = threads});
      for (ByteBatch batch; loader.next(batch);)
        pixels.insert(pixels.end(), batch.pixels.begin(), batch.pixels.end());
    }
    EXPECT_EQ(seen[0], seen[1]) << name;
    EXPECT_EQ(seen[0].size(), data->size() * 3 * 16 * 16) << name;
  }
}

}  // namespace
}  // namespace ablate::test
