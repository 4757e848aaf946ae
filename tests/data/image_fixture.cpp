#include "tests/data/image_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "harness/core/canonical.h"
#include "tests/graph/fixture.h"

namespace ablate::test {

using Json = nlohmann::json;

const Json& augment_fixture() {
  static const Json fixture = read_fixture(fixture_folder() / "augment.json");
  if (fixture.empty()) throw std::logic_error("augment.json is empty");
  return fixture;
}

const Json& augment_list(const std::string& name) {
  const Json& list = augment_fixture().at(name);
  EXPECT_FALSE(list.empty()) << name;
  return list;
}

Image stream_image(int height, int width, std::uint64_t stream) {
  Image image{.height = height, .width = width};
  for (std::uint64_t i = 0; i < 3 * std::uint64_t(height) * width; ++i)
    image.pixels.push_back(std::uint8_t(splitmix64((stream << 32) + i) >> 56));
  return image;
}

Image smooth_image(int height, int width) {
  Image image{.height = height, .width = width};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (const int value :
           {255 * x / (width - 1), 255 * y / (height - 1), 255 * (x + y) / (width + height - 2)})
        image.pixels.push_back(std::uint8_t(value));
  return image;
}

Image plain_image(int height, int width, std::uint8_t value) {
  Image image{.height = height, .width = width};
  image.pixels.assign(3 * std::size_t(height) * width, value);
  return image;
}

namespace {

Image low_image(int height, int width, std::uint64_t stream) {
  Image image{.height = height, .width = width};
  const auto byte = [](std::uint64_t s, int i) { return int(splitmix64((s << 32) + i) >> 56); };
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const int i = y * width + x;
      for (const int value : {50 + 2 * x + byte(stream + 1, i) % 8, 80 + y, 100 + byte(stream + 2, i) % 16})
        image.pixels.push_back(std::uint8_t(value));
    }
  return image;
}

}  // namespace

Image fixture_image(const std::string& name) {
  const auto& fixture = augment_fixture().at("images").at(name);
  const auto& fill = fixture.at("fill");
  Image image = name == "noise"    ? stream_image(32, 32, fill.at("stream"))
                : name == "smooth" ? smooth_image(32, 32)
                                   : low_image(32, 32, fill.at("stream"));
  EXPECT_EQ(digest_of_image(image), fixture.at("sha256")) << name;
  return image;
}

std::string digest_of_image(const Image& image) {
  return sha256({reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()});
}

void expect_matches(const Image& image, const Json& expected, int levels) {
  const Json& points = augment_fixture().at("points");
  for (std::size_t i = 0; i < points.size(); ++i) {
    const int y = std::min(points[i][0].get<int>(), image.height - 1),
              x = std::min(points[i][1].get<int>(), image.width - 1);
    for (int c = 0; c < 3; ++c)
      EXPECT_NEAR(image.at(y, x)[c], expected.at("pixels")[i][c].get<int>(), levels);
  }
  const auto row = expected.at("row").get<std::vector<int>>();
  const int y = std::min(augment_fixture().at("row_index").get<int>(), image.height - 1);
  ASSERT_EQ(row.size(), 3u * image.width);
  for (std::size_t i = 0; i < row.size(); ++i) EXPECT_NEAR(image.at(y, 0)[i], row[i], levels) << i;
  double sum = 0;
  for (const int value : image.pixels) sum += value;
  EXPECT_NEAR(sum / double(image.pixels.size()), expected.at("mean").get<double>(), 0.05 * levels + 1e-9);
}

void expect_same_bytes(const Image& image, const Json& expected) {
  if (digest_of_image(image) == expected.at("sha256")) return;
  ADD_FAILURE() << "the bytes differ";
  expect_matches(image, expected, 0);
}

}  // namespace ablate::test
