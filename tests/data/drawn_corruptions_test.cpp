#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "harness/data/image_corruptions.h"
#include "harness/data/plane.h"
#include "tests/data/image_fixture.h"
#include "tests/data/support.h"
#include "tests/graph/fixture.h"

namespace ablate::test {
namespace {

Image spoilt(const Corruption& corruption, Image image, std::uint64_t index = 0) {
  corruption(image, Stream(7, "test").at(0, index));
  return image;
}

Corruption made(const nlohmann::json& one) {
  const auto& p = one.at("parameters");
  if (one.at("operation") == "elastic_transform") return elastic_transform(p[0], p[1], p[2]);
  return spatter({p[0], p[1], p[2], p[3], p[4], p[5] != 0});
}

/// files/drawn_corruptions.json: rows by OpenCV, scikit-image and SciPy on the same draws.
TEST(DrawnCorruptions, GiveThePixelsOfTheLibrariesThatTheScriptsUse) {
  const auto fixture = read_fixture(data_file("drawn_corruptions.json"));
  const int size = fixture.at("size"), levels = fixture.at("tolerance_levels");
  ASSERT_FALSE(fixture.at("cases").empty());
  for (const auto& one : fixture.at("cases")) {
    const auto where = one.at("operation").dump() + one.at("parameters").dump();
    const auto image = spoilt(made(one), smooth_image(size, size));
    for (const auto& [row, expected] : one.at("rows").items())
      for (std::size_t i = 0; i < expected.size(); ++i)
        ASSERT_NEAR(image.at(std::stoi(row), 0)[i], expected[i].get<int>(), levels)
            << where << " row " << row << " byte " << i;
    const double sum = std::accumulate(image.pixels.begin(), image.pixels.end(), 0.0);
    EXPECT_NEAR(sum / double(image.pixels.size()), one.at("mean").get<double>(), 0.05) << where;
  }
}

/// Red tells the row and green the column.
Image map_of_places(int side) {
  auto image = plain_image(side, side, 0);
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) {
      image.at(y, x)[0] = std::uint8_t(y);
      image.at(y, x)[1] = std::uint8_t(x);
    }
  return image;
}

TEST(Edges, StandForWhatLiesOutside) {
  const auto read = [](Edge edge) {
    std::string text;
    for (int i = -5; i < 9; ++i) text += "abcd"[inside(i, 4, edge)];
    return text;
  };
  EXPECT_EQ(read(Edge::Nearest), "aaaaaabcdddddd");
  EXPECT_EQ(read(Edge::Mirrored), "bcdcbabcdcbabc");
  EXPECT_EQ(read(Edge::MirroredWhole), "ddcbaabcddcbaa");
}

TEST(Blurred, AddsUpWhatAMirrorShowsTwice) {
  const Plane row{1, 3, {0, 6, 0}};
  const std::vector<double> fifths(5, 0.2);
  // Seen from 0: 0 6|0 6 0 or, with the border, 6 0|0 6 0; from 1: 6|0 6 0|6 or 0|0 6 0|0.
  EXPECT_NEAR(blurred(row, fifths, Edge::Mirrored).at(0, 0), 2.4, 1e-12);
  EXPECT_NEAR(blurred(row, fifths, Edge::Mirrored).at(0, 1), 3.6, 1e-12);
  EXPECT_NEAR(blurred(row, fifths, Edge::MirroredWhole).at(0, 0), 2.4, 1e-12);
  EXPECT_NEAR(blurred(row, fifths, Edge::MirroredWhole).at(0, 1), 1.2, 1e-12);
  EXPECT_NEAR(blurred(row, fifths, Edge::Nearest).at(0, 0), 1.2, 1e-12);
}

TEST(GlassBlur, TakesPixelsFromTheirUpperLeftNeighboursInEqualParts) {
  constexpr int kSide = 96;
  const auto seen = spoilt(glass_blur(0.05, 1, 1), map_of_places(kSide));
  std::map<std::pair<int, int>, int> from;
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      const int dy = seen.at(y, x)[0] - y, dx = seen.at(y, x)[1] - x;
      if (y < 2 || x < 2)
        EXPECT_EQ(std::pair(dy, dx), std::pair(0, 0)) << "the border stays";
      else
        ++from[{dy, dx}];
    }
  ASSERT_EQ(from.size(), 4u) << "-1 or 0 each way";
  for (const auto& [way, count] : from) {
    EXPECT_TRUE(way.first == 0 || way.first == -1);
    EXPECT_TRUE(way.second == 0 || way.second == -1);
    EXPECT_NEAR(count / double(94 * 94), 0.25, 0.02);
  }
}

TEST(GlassBlur, ReachesFartherTheOftenerItIsDone) {
  const auto farthest = [](int times) {
    int most = 0;
    const auto seen = spoilt(glass_blur(0.05, 1, times), map_of_places(64));
    for (int y = 0; y < 64; ++y)
      for (int x = 0; x < 64; ++x) most = std::max(most, y - seen.at(y, x)[0]);
    return most;
  };
  EXPECT_EQ(farthest(1), 1);
  EXPECT_EQ(farthest(3), 3);
}

TEST(ElasticTransform, StaysWhereNothingMoves) {
  const auto noise = stream_image(32, 32, 1);
  EXPECT_EQ(spoilt(elastic_transform(0, 0, 0), noise).pixels, noise.pixels);
  const auto plain = plain_image(32, 32, 77);
  EXPECT_EQ(spoilt(elastic_transform(3.2, 0.96, 2.56), plain).pixels, plain.pixels);
}

TEST(ElasticTransform, KeepsStraightWhatOnlyThreePointsMove) {
  auto ramp = plain_image(33, 33, 0);
  for (int y = 0; y < 33; ++y)
    for (int x = 0; x < 33; ++x) std::fill_n(ramp.at(y, x), 3, std::uint8_t(20 + 4 * x + 2 * y));
  const auto seen = spoilt(elastic_transform(0, 0, 2), ramp);
  EXPECT_NE(seen.pixels, ramp.pixels);
  for (int y = 8; y < 25; ++y)  // what was mirrored at the border is farther out
    for (int x = 9; x < 24; ++x) {
      const int bend = seen.at(y, x - 1)[0] - 2 * seen.at(y, x)[0] + seen.at(y, x + 1)[0];
      EXPECT_LE(std::abs(bend), 2) << "three values, each rounded";
    }
}

TEST(ElasticTransform, MovesTheCornersOfItsSquareByLessThanItsShift) {
  // The square of 33 pixels has half a side of 11: its upper right corner is (27, 5).
  bool moved = false;
  for (std::uint64_t index = 0; index < 20; ++index) {
    const auto seen = spoilt(elastic_transform(0, 0, 2), map_of_places(33), index);
    bool near = false;
    for (int y = 3; y <= 7; ++y)
      for (int x = 25; x <= 29; ++x)
        near = near || (std::abs(seen.at(y, x)[0] - 5) <= 1 && std::abs(seen.at(y, x)[1] - 27) <= 1);
    EXPECT_TRUE(near) << "what was at the corner lies within two pixels of it";
    moved = moved || seen.at(5, 27)[0] != 5 || seen.at(5, 27)[1] != 27;
  }
  EXPECT_TRUE(moved);
}

TEST(ElasticTransform, DisplacesEveryPixelByLessThanItsReach) {
  auto ramp = plain_image(40, 40, 0);
  for (int y = 0; y < 40; ++y)
    for (int x = 0; x < 40; ++x) std::fill_n(ramp.at(y, x), 3, std::uint8_t(6 * x));
  const auto seen = spoilt(elastic_transform(3, 1, 0), ramp);
  int most = 0;
  for (std::size_t i = 0; i < ramp.pixels.size(); ++i)
    most = std::max(most, std::abs(int(ramp.pixels[i]) - seen.pixels[i]));
  EXPECT_LE(most, 18) << "three pixels of six levels";
  // The mean of uniform draws within 3 by a bell of deviation 1 spreads by 3 / sqrt(3) / (2 sqrt(pi)) = 0.49.
  EXPECT_GE(most, 6);
}

/// Snow whose flakes never reach the threshold, or any.
Snow weather(double threshold) {
  return {
      .mean = 0.1, .deviation = 0.3, .zoom = 1, .threshold = threshold, .radius = 6, .trail = 2, .kept = 0.8};
}

TEST(Snow, PalesWhatItDoesNotCover) {
  const auto pale = [](std::uint8_t byte) {
    return spoilt(snow(weather(10)), plain_image(16, 16, byte)).pixels[0];
  };
  EXPECT_EQ(pale(21), 49) << "0.8 x 21 + 0.2 x (1.5 x 21 + 127.5) = 48.6";
  EXPECT_EQ(pale(102), 138) << "0.8 x 0.4 + 0.2 x (1.5 x 0.4 + 0.5) = 0.54";
  EXPECT_EQ(pale(255), 255);
  // Red alone has a grey of 0.299: 0.2 x (1.5 x 0.299 + 0.5) = 0.1897 for the others, and red is lighter.
  Image red{.height = 1, .width = 1, .pixels = {255, 0, 0}};
  EXPECT_EQ(spoilt(snow(weather(10)), red).pixels, (std::vector<std::uint8_t>{255, 48, 48}));
}

TEST(Snow, FallsOnBothHalvesAlike) {
  const auto before = spoilt(snow(weather(10)), plain_image(32, 32, 60)),
             seen = spoilt(snow(weather(0.6)), plain_image(32, 32, 60));
  int flakes = 0;
  for (std::size_t i = 0; i < 32 * 32; ++i) {
    EXPECT_EQ(seen.pixels[3 * i], seen.pixels[3 * (32 * 32 - 1 - i)]) << "turned by half a circle";
    EXPECT_GE(seen.pixels[3 * i], before.pixels[3 * i]) << "flakes add light";
    flakes += seen.pixels[3 * i] > before.pixels[3 * i];
  }
  EXPECT_GT(flakes, 30);
  EXPECT_LT(flakes, 32 * 32);
}

TEST(Snow, FallsSteeply) {
  // Along a fall within 45 degrees of the vertical neighbours below differ less than neighbours beside.
  double below = 0, beside = 0;
  const auto seen = spoilt(snow(weather(0.6)), plain_image(64, 64, 0));
  for (int y = 0; y < 63; ++y)
    for (int x = 0; x < 63; ++x) {
      below += std::abs(seen.at(y, x)[0] - seen.at(y + 1, x)[0]);
      beside += std::abs(seen.at(y, x)[0] - seen.at(y, x + 1)[0]);
    }
  EXPECT_LT(below, beside);
}

constexpr Spatter kWater{.mean = 0.65, .deviation = 0.3, .softness = 1, .threshold = 0.69, .strength = 0.5};
constexpr Spatter kMud{
    .mean = 0.65, .deviation = 0.3, .softness = 1, .threshold = 0.69, .strength = 0.6, .mud = true};

TEST(Spatter, LeavesADryImageAlone) {
  const auto noise = stream_image(32, 32, 2);
  for (auto dry : {kWater, kMud}) {
    dry.threshold = 10;
    EXPECT_EQ(spoilt(spatter(dry), noise).pixels, noise.pixels);
  }
}

TEST(Spatter, OfWaterAddsItsColourUpToItsStrength) {
  const auto seen = spoilt(spatter(kWater), plain_image(64, 64, 0));
  int brightest = 0;
  std::size_t dry = 0;
  for (std::size_t i = 0; i < seen.pixels.size(); i += 3) {
    const int red = seen.pixels[i], green = seen.pixels[i + 1], blue = seen.pixels[i + 2];
    EXPECT_EQ(green, blue);
    EXPECT_NEAR(red, green * 175 / 238.0, 1);
    brightest = std::max(brightest, green);
    dry += green == 0;
  }
  EXPECT_EQ(brightest, 119) << "half of 238";
  // A blurred draw has a deviation of 0.3 / (2 sqrt(pi)) = 0.085 around 0.65: less than 0.69 at 68 %; what
  // the light does not fall on stays as it was, too.
  EXPECT_GE(double(dry) / (64 * 64), 0.6);
  const auto white = plain_image(64, 64, 255);
  EXPECT_EQ(spoilt(spatter(kWater), white).pixels, white.pixels) << "there is no more light to add";
}

TEST(Spatter, OfMudHidesWhatIsUnderIt) {
  const auto white = spoilt(spatter(kMud), plain_image(64, 64, 255)),
             black = spoilt(spatter(kMud), plain_image(64, 64, 0));
  std::size_t covered = 0;
  for (std::size_t i = 0; i < white.pixels.size(); i += 3) {
    if (white.pixels[i] == 255) {
      EXPECT_EQ(black.pixels[i], 0);
      continue;
    }
    ++covered;
    // 0.8 of (63, 42, 20) at least
    EXPECT_GE(black.pixels[i], 50);
    EXPECT_LE(black.pixels[i], 63);
    EXPECT_NEAR(black.pixels[i + 2], black.pixels[i] * 20 / 63.0, 1);
    EXPECT_NEAR(white.pixels[i] - black.pixels[i], 255 * (1 - black.pixels[i] / 63.0), 6);
  }
  EXPECT_GT(covered, 64u);
}

}  // namespace
}  // namespace ablate::test
