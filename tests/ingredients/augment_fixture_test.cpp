#include <gtest/gtest.h>

#include <set>

#include "ingredients/augment/boxes.h"
#include "ingredients/augment/policy.h"
#include "tests/data/image_fixture.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

using namespace ingredients;
using Json = nlohmann::json;

std::optional<Operation> operation_of(std::string name) {
  for (const std::string suffix : {"Increasing", "Original", "Rel"})
    if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
  for (int i = 0; i <= int(Operation::Rotate); ++i)
    if (name_of(Operation(i)) == name) return Operation(i);
  ADD_FAILURE() << name << " is covered by nothing";
  return std::nullopt;
}

TimmScale scale_of(const std::string& name) {
  return name.ends_with("Increasing") ? TimmScale::Increasing
         : name.ends_with("Original") ? TimmScale::Original
                                      : TimmScale::Plain;
}

std::set<std::string_view> names_of(std::span<const Operation> operations) {
  std::set<std::string_view> names;
  for (const auto operation : operations) names.insert(name_of(operation));
  return names;
}

TEST(AugmentFixture, HasNoListThatNoTestReads) {
  const std::set<std::string> read{"source",
                                   "images",
                                   "points",
                                   "row_index",
                                   "ops",
                                   "degenerate",
                                   "torchvision_ops",
                                   "resized_crop",
                                   "resized_crop_boxes",
                                   "eval_resize_crop",
                                   "pad_crop_flip",
                                   "cutmix",
                                   "mixup_targets",
                                   "random_erasing_boxes",
                                   "rand_augment_timm",
                                   "rand_augment_torchvision",
                                   "trivial_augment_wide",
                                   "auto_augment_space_torchvision",
                                   "policies"};
  for (const auto& [name, list] : augment_fixture().items()) {
    EXPECT_TRUE(read.count(name)) << name << " is covered by nothing";
    EXPECT_FALSE(list.is_structured() && list.empty()) << name;
  }
}

TEST(TorchvisionFixture, OperationsGiveTheFixturesBytes) {
  for (const auto& one : augment_list("torchvision_ops")) {
    SCOPED_TRACE(one.at("op").dump() + " at " + one.at("magnitude").dump() + ", fill " +
                 one.at("fill").dump());
    const auto operation = operation_of(one.at("op"));
    if (!operation) continue;
    ASSERT_EQ(one.at("interpolation"), "nearest");
    const Sampling sampling{Interpolation::Nearest, one.at("fill").get<std::array<std::uint8_t, 3>>()};
    Image image = fixture_image(one.at("image"));
    double magnitude = torchvision_magnitude(kRandAugmentSpace, *operation, one.at("bin"), image.width);
    if (one.at("magnitude") < 0) magnitude = -magnitude;
    EXPECT_FLOAT_EQ(float(magnitude), one.at("magnitude").get<float>());
    carry_out(image, *operation, torchvision_argument(*operation, magnitude), sampling);
    expect_same_bytes(image, one);
  }
}

/// Every bin of every operation, as the reference has it in single precision.
void expect_space(const TorchvisionSpace& space, const Json& table, int size) {
  ASSERT_FALSE(table.empty());
  for (const auto& [name, expected] : table.items()) {
    SCOPED_TRACE(name + " of " + std::to_string(size) + " px");
    const auto operation = operation_of(name);
    if (!operation) continue;
    EXPECT_EQ(is_signed(*operation), expected.at("signed").get<bool>());
    if (expected.at("values").is_null()) {
      EXPECT_EQ(torchvision_magnitude(space, *operation, 5, size), 0);
      continue;
    }
    ASSERT_EQ(expected["values"].size(), std::size_t(space.bins));
    for (int bin = 0; bin < space.bins; ++bin) {
      const double value = torchvision_magnitude(space, *operation, bin, size),
                   wanted = expected["values"][bin];
      EXPECT_NEAR(value, wanted, 1e-6 * std::abs(wanted)) << "bin " << bin;
      EXPECT_EQ(std::trunc(value), std::trunc(wanted)) << "bin " << bin;
    }
  }
}

TEST(TorchvisionFixture, MagnitudesOfEveryBinAreTheFixtures) {
  const auto& fixture = augment_fixture();
  expect_space(kRandAugmentSpace, fixture.at("rand_augment_torchvision").at("size_32"), 32);
  expect_space(kRandAugmentSpace, fixture.at("rand_augment_torchvision").at("translate_224"), 224);
  expect_space(kTrivialAugmentSpace, fixture.at("trivial_augment_wide").at("table"), 32);
  expect_space(kAutoAugmentSpace, fixture.at("auto_augment_space_torchvision").at("size_32"), 32);
  const auto& table = fixture.at("rand_augment_torchvision").at("size_32");
  std::set<std::string_view> names;
  for (const auto& [name, ignored] : table.items()) names.insert(name);
  EXPECT_EQ(names_of(torchvision_operations()), names);
}

TEST(TimmFixture, ArgumentsOfEveryLevelAreTheFixtures) {
  const auto& fixture = augment_fixture().at("rand_augment_timm");
  const auto& levels = fixture.at("levels");
  ASSERT_FALSE(fixture.at("args").empty());
  for (const auto& [name, arguments] : fixture.at("args").items()) {
    SCOPED_TRACE(name);
    const auto operation = operation_of(name);
    if (!operation || arguments.is_null()) continue;
    const auto scale = scale_of(name);
    EXPECT_EQ(is_signed(*operation, scale), arguments.contains("minus"));
    for (const auto& [sign, values] : arguments.items())
      for (std::size_t i = 0; i < levels.size(); ++i)
        EXPECT_NEAR(timm_argument(*operation, levels[i], sign == "minus", scale), values.at(i).get<double>(),
                    1e-12)
            << sign << ", level " << levels[i];
  }
}

TEST(TimmFixture, SetsHoldTheFixturesOperations) {
  for (const std::string set : {"increasing_set", "plain_set"}) {
    std::set<std::string_view> names;
    for (const auto& name : augment_fixture().at("rand_augment_timm").at(set))
      if (const auto operation = operation_of(name)) names.insert(name_of(*operation));
    EXPECT_EQ(names_of(timm_operations()), names) << set;
  }
}

TEST(PoliciesFixture, AreTheFixturesTables) {
  std::set<std::string> ours;
  for (const auto& policy : policies()) ours.insert(policy.name);
  for (const auto& [name, table] : augment_list("policies").items()) {
    ASSERT_TRUE(ours.count(name)) << name << " is covered by nothing";
    const auto& policy = policy_of(name);
    const auto& pairs = table.at("ops");
    ASSERT_EQ(pairs.size(), policy.pairs.size()) << name;
    EXPECT_EQ(policy.scale.has_value(), table.at("made_by").get<std::string>().starts_with("timm")) << name;
    for (std::size_t i = 0; i < pairs.size(); ++i)
      for (std::size_t j = 0; j < 2; ++j) {
        SCOPED_TRACE(name + ": " + pairs[i].dump());
        const auto& [operation, probability, level] = policy.pairs[i][j];
        EXPECT_EQ(operation, operation_of(pairs[i][j][0]));
        EXPECT_EQ(probability, pairs[i][j][1].get<double>());
        const bool levelled = timm_argument(operation, 10, false, TimmScale::Plain) !=
                              timm_argument(operation, 1, false, TimmScale::Plain);
        EXPECT_TRUE(!levelled || level == pairs[i][j][2].get<int>());
        EXPECT_EQ(pairs[i][j][0] == "PosterizeOriginal",
                  policy.scale == TimmScale::Original && operation == Operation::Posterize);
      }
  }
}

TEST(BoxesFixture, AreTheFixturesCrops) {
  const auto& fixture = augment_fixture().at("resized_crop_boxes");
  ASSERT_FALSE(fixture.at("tries").empty());
  for (const auto& one : fixture.at("tries")) {
    const auto box = crop_box(one.at("height"), one.at("width"), one.at("area_fraction"), one.at("ratio"));
    ASSERT_EQ(box.has_value(), one.at("accepted").get<bool>()) << one;
    if (box) {
      EXPECT_EQ(box->height, one.at("h").get<int>()) << one;
      EXPECT_EQ(box->width, one.at("w").get<int>()) << one;
    }
  }
  ASSERT_FALSE(fixture.at("fallback").empty());
  for (const auto& one : fixture.at("fallback")) {
    const auto box = fallback_crop(one.at("height"), one.at("width"), fixture.at("ratio_range"));
    EXPECT_EQ((std::vector{box.top, box.left, box.height, box.width}),
              (std::vector<int>{one.at("top"), one.at("left"), one.at("h"), one.at("w")}))
        << one;
  }
}

TEST(BoxesFixture, AreTheFixturesErasures) {
  for (const auto& one : augment_list("random_erasing_boxes")) {
    const auto box = erased_box(one.at("height"), one.at("width"), one.at("area_fraction"), one.at("ratio"));
    ASSERT_EQ(box.has_value(), one.at("accepted").get<bool>()) << one;
    if (!box) continue;
    EXPECT_EQ(box->height, one.at("h").get<int>()) << one;
    EXPECT_EQ(box->width, one.at("w").get<int>()) << one;
  }
}

}  // namespace
}  // namespace ablate::test
