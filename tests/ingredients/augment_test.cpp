#include <gtest/gtest.h>

#include <set>

#include "harness/core/canonical.h"
#include "harness/data/image_operations.h"
#include "tests/graph/fixture.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

Image noise_image(std::uint64_t stream) {
  Image image{32, 32, {}};
  for (std::uint64_t i = 0; i < 32 * 32 * 3; ++i)
    image.pixels.push_back(std::uint8_t(splitmix64((stream << 32) + i) >> 56));
  return image;
}

std::string digest_of(const Image& image) {
  return sha256({reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()});
}

/// What becomes of the image over many samples.
std::set<std::string> outcomes(const Image& image, const std::vector<const Ingredient*>& chain, int samples) {
  std::set<std::string> digests;
  for (int id = 0; id < samples; ++id) {
    Image copy = image;
    for (const auto* ingredient : chain) ingredient->augment(copy, {.epoch = 3, .id = std::uint64_t(id)});
    digests.insert(digest_of(copy));
  }
  return digests;
}

TEST(AugmentFixture, CropAndFlipReachTheFixturesImagesAndNoOthers) {
  const auto fixture = read_fixture(fixture_folder() / "augment.json");
  const auto image = noise_image(fixture.at("images").at("noise").at("fill").at("stream"));
  ASSERT_EQ(digest_of(image), fixture.at("images").at("noise").at("sha256"));
  const auto flip = make("augment.flip");
  begin(*flip, "augment.flip");
  int cases = 0;
  for (const std::string border : {"zero", "reflect"}) {
    const auto crop = make("augment.crop", {{"border", border}});
    begin(*crop, "augment.crop");
    const auto reached = outcomes(image, {crop.get(), flip.get()}, 4000);
    EXPECT_EQ(reached.size(), 2u * 81u) << "9 x 9 places, each mirrored or not";
    for (const auto& one : fixture.at("pad_crop_flip"))
      if ((one.at("mode") == "constant") == (border == "zero")) {
        EXPECT_TRUE(reached.count(one.at("sha256"))) << one.at("mode") << one.at("top") << one.at("left");
        ++cases;
      }
  }
  EXPECT_EQ(cases, 6);
}

TEST(Flip, MirrorsAsManyImagesAsItsProbabilitySays) {
  const auto flip = make("augment.flip", {{"probability", 0.25}});
  begin(*flip, "augment.flip");
  const auto image = noise_image(7);
  Image mirrored = image;
  flip_horizontal(mirrored);
  int flipped = 0;
  for (int id = 0; id < 4000; ++id) {
    Image copy = image;
    flip->augment(copy, {.epoch = 0, .id = std::uint64_t(id)});
    flipped += copy.pixels == mirrored.pixels;
  }
  EXPECT_NEAR(flipped, 1000, 5 * 27.4) << "five standard deviations";
}

TEST(Augment, DrawsAgainForEveryEpochViewAndRepeat) {
  const auto crop = make("augment.crop");
  begin(*crop, "augment.crop");
  std::set<std::string> digests;
  for (std::uint32_t i = 0; i < 30; ++i)
    for (const SampleAt at : {SampleAt{.epoch = i, .id = 5},
                              {.epoch = 0, .id = 5, .view = i},
                              {.epoch = 0, .id = 5, .repeat = i}}) {
      Image copy = noise_image(7);
      crop->augment(copy, at);
      digests.insert(digest_of(copy));
    }
  EXPECT_GT(digests.size(), 30u) << "88 draws out of 81 places";
}

TEST(Augment, CountsBatchesOnlyOnceImagesWentThrough) {
  const auto crop = make("augment.crop");
  begin(*crop, "augment.crop");
  Batch batch;
  crop->transform_batch(batch, {});
  EXPECT_EQ(crop->counters().at("batches"), 0);
  Image image = noise_image(7);
  crop->augment(image, {});
  crop->transform_batch(batch, {});
  EXPECT_EQ(crop->counters().at("batches"), 1);
}

}  // namespace
}  // namespace ablate::test
