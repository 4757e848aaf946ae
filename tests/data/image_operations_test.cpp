#include "harness/data/image_operations.h"

#include <gtest/gtest.h>

#include "tests/data/image_fixture.h"

namespace ablate::test {
namespace {

using Json = nlohmann::json;

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
