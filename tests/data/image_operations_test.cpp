#include "harness/data/image_operations.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "harness/core/canonical.h"
#include "tests/graph/fixture.h"

namespace ablate::test {
namespace {

using Json = nlohmann::json;

const Json& augment_fixture() {
  static const Json fixture = read_fixture(fixture_folder() / "augment.json");
  return fixture;
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

std::string digest_of_image(const Image& image) {
  return sha256({reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()});
}

/// Pixels at the fixture's points, its row and its mean, each to `levels`.
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

TEST(PadCropFixture, GivesTheFixturesBytes) {
  const auto stream = augment_fixture().at("images").at("noise").at("fill").at("stream");
  for (const auto& one : augment_fixture().at("pad_crop_flip")) {
    Image image = stream_image(32, 32, stream);
    const auto border = one.at("mode") == "reflect" ? Border::Reflect : Border::Black;
    pad_crop(image, one.at("pad"), one.at("top"), one.at("left"), border);
    if (one.at("flip")) flip_horizontal(image);
    EXPECT_EQ(digest_of_image(image), one.at("sha256")) << one.dump().substr(0, 90);
  }
}

TEST(FitFixture, ResizesAndCropsAsPillow) {
  const Json& source = augment_fixture().at("resized_crop");
  const int height = source.at("image_size")[0], width = source.at("image_size")[1];
  for (const auto& one : augment_fixture().at("eval_resize_crop")) {
    Image image = one.at("image") == "noise" ? stream_image(height, width, source.at("stream"))
                                             : smooth_image(height, width);
    const int size = one.at("crop");
    fit(image, size, double(size) / one.at("resize_short").get<int>());
    expect_matches(image, one, source.at("tolerance_levels"));
  }
}

TEST(ResizeFixture, MakesCropsOfAnySizeAsPillow) {
  const Json& fixture = augment_fixture().at("resized_crop");
  const int height = fixture.at("image_size")[0], width = fixture.at("image_size")[1];
  for (const auto& one : fixture.at("cases")) {
    const Image image = one.at("image") == "noise" ? stream_image(height, width, fixture.at("stream"))
                                                   : smooth_image(height, width);
    const auto box = one.at("box").get<std::vector<int>>();
    const Image part = cropped(image, box[0], box[1], box[2], box[3]);
    expect_matches(resized(part, one.at("size"), one.at("size")), one, fixture.at("tolerance_levels"));
  }
}

TEST(PadCrop, IsTheIdentityAtItsOwnPadding) {
  const Image image = stream_image(9, 5, 3);
  for (const auto border : {Border::Black, Border::Reflect}) {
    Image moved = image;
    pad_crop(moved, 4, 4, 4, border);
    EXPECT_EQ(moved.pixels, image.pixels);
  }
}

TEST(PadCrop, ShowsNothingWhenPushedOutOfView) {
  Image image = plain_image(3, 3, 200);
  pad_crop(image, 5, 10, 0);
  EXPECT_EQ(image.pixels, plain_image(3, 3, 0).pixels);
}

TEST(FlipHorizontal, IsItsOwnInverse) {
  const Image image = stream_image(4, 7, 1);
  Image flipped = image;
  flip_horizontal(flipped);
  EXPECT_NE(flipped.pixels, image.pixels);
  for (int c = 0; c < 3; ++c) EXPECT_EQ(flipped.at(2, 0)[c], image.at(2, 6)[c]);
  flip_horizontal(flipped);
  EXPECT_EQ(flipped.pixels, image.pixels);
}

TEST(Resize, KeepsAnImageOfItsOwnSize) {
  const Image image = stream_image(6, 9, 2);
  EXPECT_EQ(resized(image, 6, 9).pixels, image.pixels);
}

TEST(Resize, KeepsAPlainColour) {
  for (const int size : {1, 3, 17, 100}) {
    EXPECT_EQ(resized(plain_image(13, 8, 77), size, size + 2).pixels, plain_image(size, size + 2, 77).pixels);
    EXPECT_EQ(resized(plain_image(1, 1, 255), size, size).pixels, plain_image(size, size, 255).pixels);
  }
}

TEST(Resize, AWindowIsAPartOfTheWhole) {
  const Image image = stream_image(40, 31, 4);
  const Image whole = resized(image, 24, 37), part = resized_window(image, 24, 37, 5, 9, 11, 20);
  EXPECT_EQ(part.pixels, cropped(whole, 5, 9, 11, 20).pixels);
}

TEST(Fit, LeavesAnImageOfTheRightSizeAlone) {
  Image image = stream_image(32, 32, 5);
  fit(image, 32, 0.875);
  EXPECT_EQ(image.pixels, stream_image(32, 32, 5).pixels);
}

TEST(Fit, CopesWithAnyShape) {
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 50'000}, {50'000, 1}, {3, 200}, {31, 32}}) {
    Image image = plain_image(height, width, 9);
    fit(image, 32, 0.875);
    EXPECT_EQ(image.pixels, plain_image(32, 32, 9).pixels) << height << " x " << width;
  }
}

}  // namespace
}  // namespace ablate::test
