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

/// Byte i is 37 i + 11, modulo 256: easily written down in any language.
Image counted_image(int height, int width) {
  Image image = plain_image(height, width, 0);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = std::uint8_t(37 * i + 11);
  return image;
}

TEST(Resize, IsBicubicAsPillow) {  // Pillow 13.0, Image.resize(..., BICUBIC)
  EXPECT_EQ(resized(counted_image(5, 4), 3, 3, Filter::Cubic).pixels,
            (std::vector<std::uint8_t>{86,  131, 82,  155, 112, 153, 100, 92,  129, 151, 150, 138, 138, 100,
                                       150, 132, 180, 108, 162, 86,  137, 137, 179, 136, 111, 148, 140}));
  EXPECT_EQ(resized(counted_image(5, 4), 7, 6, Filter::Cubic).pixels,
            (std::vector<std::uint8_t>{
                0,   29,  82,  53,  106, 151, 148, 150, 186, 233, 16,  53,  167, 60,  97,  82,  137, 174,
                124, 160, 26,  90,  143, 95,  86,  124, 170, 193, 126, 164, 121, 98,  144, 26,  71,  126,
                205, 247, 57,  147, 146, 71,  98,  72,  122, 143, 188, 232, 105, 156, 156, 57,  92,  55,
                124, 178, 215, 192, 93,  130, 230, 27,  67,  109, 113, 164, 147, 199, 101, 215, 252, 16,
                55,  117, 162, 139, 149, 188, 187, 158, 198, 44,  72,  130, 92,  133, 143, 176, 213, 174,
                139, 57,  94,  142, 129, 173, 136, 195, 217, 111, 151, 82,  104, 140, 127, 105, 142, 205,
                255, 21,  58,  179, 73,  126, 110, 162, 164, 220, 255, 43,  151, 188, 81,  57,  94,  149}));
}

TEST(TurnHue, GoesThroughHsvInBytesAsTorchvision) {  // torchvision's adjust_hue on Pillow 13.0 images
  const std::vector<std::uint8_t> before{255, 0,  0,  200, 100, 50, 13, 13,  13,  10, 250,
                                         130, 90, 20, 240, 7,   0,  3,  255, 255, 0};
  const auto turned = [&](double turns) {
    Image image = plain_image(1, 7, 0);
    image.pixels = before;
    turn_hue(image, turns);
    return image.pixels;
  };
  using Bytes = std::vector<std::uint8_t>;
  EXPECT_EQ(turned(0.25),
            (Bytes{132, 255, 0, 78, 200, 50, 13, 13, 13, 11, 16, 250, 240, 21, 67, 7, 7, 0, 0, 255, 120}));
  EXPECT_EQ(turned(-0.1),
            (Bytes{255, 0, 144, 200, 50, 85, 13, 13, 13, 33, 250, 11, 21, 83, 240, 7, 0, 7, 255, 102, 0}));
  EXPECT_EQ(turned(0.5),
            (Bytes{0, 255, 252, 50, 152, 200, 13, 13, 13, 250, 11, 135, 181, 240, 21, 0, 7, 4, 0, 6, 255}));
  Image image = counted_image(5, 4);
  turn_hue(image, 0.3);
  EXPECT_EQ(image.pixels, (Bytes{85,  11,  65,  196, 122, 176, 107, 233, 15,  162, 88,  142, 18,  236, 223,
                                 128, 54,  108, 239, 166, 219, 94,  20,  74,  205, 131, 185, 116, 242, 24,
                                 171, 97,  151, 27,  245, 232, 137, 63,  117, 248, 174, 228, 103, 29,  83,
                                 214, 140, 194, 125, 251, 32,  180, 107, 160, 36,  254, 241, 146, 72,  126}));
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
