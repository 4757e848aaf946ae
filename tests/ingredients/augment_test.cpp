#include <gtest/gtest.h>

#include <set>

#include "harness/data/image_operations.h"
#include "tests/data/image_fixture.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

/// What becomes of the image over many samples.
std::set<std::string> outcomes(const Image& image, const std::vector<const Ingredient*>& chain, int samples) {
  std::set<std::string> digests;
  for (int id = 0; id < samples; ++id) {
    Image copy = image;
    for (const auto* ingredient : chain) ingredient->augment(copy, {.epoch = 3, .id = std::uint64_t(id)});
    digests.insert(digest_of_image(copy));
  }
  return digests;
}

TEST(AugmentFixture, CropAndFlipReachTheFixturesImagesAndNoOthers) {
  const auto image = fixture_image("noise");
  const auto flip = make("augment.flip");
  begin(*flip, "augment.flip");
  int cases = 0;
  for (const std::string border : {"zero", "reflect"}) {
    const auto crop = make("augment.crop", {{"border", border}});
    begin(*crop, "augment.crop");
    const auto reached = outcomes(image, {crop.get(), flip.get()}, 4000);
    EXPECT_EQ(reached.size(), 2u * 81u) << "9 x 9 places, each mirrored or not";
    for (const auto& one : augment_list("pad_crop_flip"))
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
  const auto image = stream_image(32, 32, 7);
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

TEST(Flip, AlternatesSoThatTwoEpochsShowBothSides) {
  const auto flip = make("augment.flip", {{"mode", "alternating"}});
  begin(*flip, "augment.flip");
  const auto image = stream_image(8, 8, 7);
  Image mirrored = image;
  flip_horizontal(mirrored);
  int first_mirrored = 0;
  for (std::uint64_t id = 0; id < 1000; ++id) {
    std::vector<bool> turned;
    for (std::uint32_t epoch = 0; epoch < 4; ++epoch) {
      Image copy = image;
      flip->augment(copy, {.epoch = epoch, .id = id});
      turned.push_back(copy.pixels == mirrored.pixels);
    }
    first_mirrored += turned[0];
    for (std::size_t epoch = 1; epoch < 4; ++epoch) EXPECT_NE(turned[epoch], turned[epoch - 1]) << id;
  }
  EXPECT_NEAR(first_mirrored, 500, 5 * 15.8) << "five standard deviations";
}

TEST(Augment, DrawsAgainForEveryEpochViewAndRepeat) {
  const auto crop = make("augment.crop");
  begin(*crop, "augment.crop");
  std::set<std::string> digests;
  for (std::uint32_t i = 0; i < 30; ++i)
    for (const SampleAt at : {SampleAt{.epoch = i, .id = 5},
                              {.epoch = 0, .id = 5, .view = i},
                              {.epoch = 0, .id = 5, .repeat = i}}) {
      Image copy = stream_image(32, 32, 7);
      crop->augment(copy, at);
      digests.insert(digest_of_image(copy));
    }
  EXPECT_GT(digests.size(), 30u) << "88 draws out of 81 places";
}

TEST(Augment, CountsBatchesOnlyOnceImagesWentThrough) {
  const auto crop = make("augment.crop");
  begin(*crop, "augment.crop");
  Batch batch;
  crop->transform_batch(batch, {});
  EXPECT_EQ(crop->counters().at("batches"), 0);
  Image image = stream_image(32, 32, 7);
  crop->augment(image, {});
  crop->transform_batch(batch, {});
  EXPECT_EQ(crop->counters().at("batches"), 1);
}

TEST(ResizedCrop, MakesImagesOfTheAskedSizeOutOfBoxesWithinItsRange) {
  const auto crop = make("augment.resized_crop", {{"scale", {0.25, 0.25}}, {"ratio", {1.0, 1.0}}});
  begin(*crop, "augment.resized_crop");
  EXPECT_TRUE(crop->crops());
  std::set<std::string> digests;
  for (std::uint64_t id = 0; id < 4000; ++id) {
    Image image = stream_image(8, 8, 7);
    crop->crop(image, 4, {.id = id});
    EXPECT_EQ(image.height, 4);
    EXPECT_EQ(image.width, 4);
    digests.insert(digest_of_image(image));
  }
  EXPECT_EQ(digests.size(), 25u) << "boxes of 4 x 4 have 5 x 5 places";
}

TEST(ColorJitter, KeepsAPlainGreyImageGrey) {
  const auto jitter = make("augment.color_jitter");
  begin(*jitter, "augment.color_jitter");
  std::set<int> values;
  for (std::uint64_t id = 0; id < 100; ++id) {
    Image image = plain_image(4, 4, 100);
    jitter->augment(image, {.id = id});
    EXPECT_EQ(image.pixels, plain_image(4, 4, image.pixels[0]).pixels);
    EXPECT_NEAR(image.pixels[0], 100, 41) << "brightness scales it by 0.6 to 1.4, the others leave it";
    values.insert(image.pixels[0]);
  }
  EXPECT_GT(values.size(), 30u);
}

TEST(Policies, ChangeMostImagesAndDrawAnewForEach) {
  for (const std::string name : {"randaugment", "autoaugment", "trivialaugment"}) {
    const auto policy = make("augment." + name);
    begin(*policy, "augment." + name);
    EXPECT_GT(outcomes(fixture_image("smooth"), {policy.get()}, 300).size(), 50u) << name;
  }
}

TEST(RandAugment, FollowsTheStrengthOfACurriculum) {
  const auto policy = make("augment.randaugment", {{"convention", "torchvision"}});
  begin(*policy, "augment.randaugment");
  EpochPlan plan;
  plan.strength = 0;
  policy->plan_epoch(plan, {});
  const auto image = fixture_image("noise");
  // At bin 0 only equalize changes anything, and solarize, which inverts bytes of 255.
  EXPECT_LE(outcomes(image, {policy.get()}, 500).size(), 8u);
  plan.strength = 1;
  policy->plan_epoch(plan, {});
  EXPECT_GT(outcomes(image, {policy.get()}, 500).size(), 100u);
}

TEST(Repeated, ShowsEachImageInARowAndKeepsTheLengthOfTheEpoch) {
  EpochPlan plan;
  plan.order = {5, 3, 8, 1, 9, 2, 7, 4};
  make("augment.repeated", {{"repeats", 3}})->plan_epoch(plan, {});
  EXPECT_EQ(plan.order, (std::vector<std::uint32_t>{5, 5, 5, 3, 3, 3, 8, 8}));
}

/// The reasons that an ingredient gives in a recipe with these augmentations on, at their defaults.
std::vector<std::string> reasons_of(const std::string& name, const std::vector<std::string>& augmentations,
                                    const nlohmann::json& others = nlohmann::json::object()) {
  nlohmann::json recipe = others;
  for (const auto& one : augmentations)
    recipe["augment"][one] = settings_of(entry_of("augment." + without_copy(one)), nlohmann::json::object());
  const auto& entry = entry_of(name);
  return entry.refuses(settings_of(entry, nlohmann::json::object()), {recipe, 30});
}

TEST(Augment, RefusesTwoOfAKindOnce) {
  using Names = std::vector<std::string>;
  for (const Names& pair :
       {Names{"crop", "resized_crop"}, {"autoaugment", "randaugment"}, {"cutout", "erasing"}}) {
    EXPECT_EQ(reasons_of("augment." + pair[0], pair).size(), 1u) << pair[0];
    EXPECT_TRUE(reasons_of("augment." + pair[1], pair).empty()) << pair[1];
    EXPECT_TRUE(reasons_of("augment." + pair[0], {pair[0]}).empty()) << pair[0];
  }
  EXPECT_EQ(reasons_of("augment.crop", {"crop", "crop@second"}).size(), 1u);
}

TEST(AugMix, RefusesWhatItsViewsCannotStand) {
  EXPECT_EQ(reasons_of("augment.augmix", {"augmix"}, {{"mix", {{"mixup", nlohmann::json::object()}}}}).size(),
            1u);
  EXPECT_EQ(reasons_of("augment.erasing", {"augmix", "erasing"}).size(), 1u);
}

}  // namespace
}  // namespace ablate::test
