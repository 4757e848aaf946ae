#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "harness/core/journal.h"
#include "harness/core/random.h"
#include "harness/data/image.h"
#include "tests/data/support.h"

namespace ablate::test {
namespace {

using testing::HasSubstr;

Image decode_file(const std::string& name) {
  return decode_image(read_file(data_file(name)));
}

std::string refusal(const std::string& name) {
  return error_of([&] { decode_file(name); });
}

/// The largest distance of an image from what a formula says.
int furthest(const Image& image, const std::function<int(int x, int y, int c)>& expected) {
  int distance = 0;
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      for (int c = 0; c < 3; ++c)
        distance = std::max(distance, std::abs(image.at(y, x)[c] - expected(x, y, c)));
  return distance;
}

double mean_distance(const Image& a, const Image& b) {
  EXPECT_EQ(a.pixels.size(), b.pixels.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / double(a.pixels.size());
}

/// The picture of files/png/make.py.
int made_colour(int x, int y, int c) {
  const int colours[] = {40 * x, 30 * y, (200 - 10 * x * y) & 255};
  return colours[c];
}
int made_grey(int x, int y, int) {
  return 40 * x + y;
}

TEST(DecodeImage, RefusesBrokenFilesWithTheReason) {
  EXPECT_THAT(refusal("bad/truncated.jpg"), HasSubstr("Premature end of JPEG file"));
  EXPECT_THAT(refusal("bad/truncated-header.jpg"), testing::Not(testing::IsEmpty()));
  EXPECT_EQ(refusal("bad/zero-byte.jpg"), "the file is empty");
  EXPECT_EQ(refusal("bad/text.jpg"), "neither a JPEG nor a PNG");
  EXPECT_THAT(refusal("png/no-end.png"), HasSubstr("damaged PNG"));
}

TEST(DecodeImage, RefusesEveryTruncationOfAFile) {
  // All but the checksum of an empty end chunk is needed of a PNG, and everything of a JPEG.
  const std::vector<std::pair<std::string, std::size_t>> files{
      {"bad/one-pixel.jpg", 0}, {"bad/cmyk.jpg", 0}, {"png/interlaced.png", 4}, {"png/palette.png", 4}};
  for (const auto& [name, end] : files) {
    const std::string whole = read_file(data_file(name));
    decode_image(whole);
    for (std::size_t n = 0; n + end < whole.size(); ++n)
      EXPECT_NE(error_of([&] { decode_image(std::string_view(whole).substr(0, n)); }), "")
          << name << " " << n;
  }
}

TEST(DecodeImage, LoadsOrRefusesWhateverIsDamaged) {
  const Stream stream(1, "damage");
  for (const std::string name :
       {"bad/cmyk.jpg", "bad/greyscale.jpg", "png/interlaced.png", "png/palette.png"})
    for (std::uint64_t attempt = 0; attempt < 300; ++attempt) {
      std::string bytes = read_file(data_file(name));
      Draw draw = stream.at(0, attempt);
      bytes[draw.below(std::uint32_t(bytes.size()))] = char(draw.bits());
      error_of([&] {
        const Image image = decode_image(bytes);
        EXPECT_EQ(image.pixels.size(), 3 * std::size_t(image.height) * image.width);
      });
    }
}

TEST(DecodeImage, RefusesImagesThatClaimToBeEnormous) {
  EXPECT_THAT(refusal("png/huge.png"), HasSubstr("100 megapixels"));
  std::string jpeg = read_file(data_file("bad/one-pixel.jpg"));
  const std::size_t frame = jpeg.find("\xFF\xC0");  // baseline frame: length, depth, height, width
  ASSERT_NE(frame, std::string::npos);
  jpeg.replace(frame + 5, 4, "\xFF\x00\xFF\x00", 4);
  EXPECT_THAT(error_of([&] { decode_image(jpeg); }), HasSubstr("100 megapixels"));
}

TEST(DecodeImage, GoesByContentNotByName) {
  const auto image = decode_file("bad/png-inside.jpg");
  EXPECT_EQ(image.height, 32);
  EXPECT_EQ(image.width, 32);
}

TEST(DecodeImage, ConvertsCmykAsAdobeStoresIt) {
  EXPECT_LT(mean_distance(decode_file("bad/cmyk.jpg"), decode_file("bad/png-inside.jpg")), 6.0);
}

TEST(DecodeImage, RepeatsGreyThreeTimes) {
  const auto colour = decode_file("bad/png-inside.jpg"), grey = decode_file("bad/greyscale.jpg");
  double distance = 0;
  for (std::size_t i = 0; i < grey.pixels.size(); i += 3) {
    EXPECT_EQ(grey.pixels[i], grey.pixels[i + 1]);
    EXPECT_EQ(grey.pixels[i], grey.pixels[i + 2]);
    const auto* p = colour.pixels.data() + i;
    distance +=
        std::abs(0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2] - grey.pixels[i]);  // ITU-R BT.601, JFIF's grey
  }
  EXPECT_LT(distance / double(grey.pixels.size() / 3), 3.0);
}

TEST(DecodeImage, LoadsASinglePixel) {
  const auto image = decode_file("bad/one-pixel.jpg");
  ASSERT_EQ(image.pixels.size(), 3u);
  EXPECT_NEAR(image.pixels[0], 201, 3);
  EXPECT_NEAR(image.pixels[1], 40, 3);
  EXPECT_NEAR(image.pixels[2], 90, 3);
}

TEST(DecodeImage, IgnoresTheOrientationOfExif) {
  const auto image = decode_file("bad/exif-orientation-6.jpg");
  EXPECT_EQ(image.width, 96);
  EXPECT_EQ(image.height, 72);
}

TEST(DecodeImage, ReadsEveryKindOfPngAsRgb) {
  for (const std::string name : {"rgb", "interlaced", "palette", "rgb16", "alpha"}) {
    const auto image = decode_file("png/" + name + ".png");
    EXPECT_EQ(image.height, 7) << name;
    EXPECT_EQ(image.width, 5) << name;
    EXPECT_EQ(furthest(image, made_colour), 0) << name;
  }
  for (const std::string name : {"grey", "grey16", "grey-alpha"})
    EXPECT_EQ(furthest(decode_file("png/" + name + ".png"), made_grey), 0) << name;
  const auto chessboard = [](int x, int y, int) { return 255 * ((x + y) & 1); };
  EXPECT_EQ(furthest(decode_file("png/black-white.png"), chessboard), 0);
}

}  // namespace
}  // namespace ablate::test
