#include <gtest/gtest.h>

#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

/// Size and strength of every epoch.
std::vector<std::pair<int, double>> epochs_of(const nlohmann::json& given, int epochs, int size) {
  const auto progressive = make("curriculum.progressive", given);
  std::vector<std::pair<int, double>> all;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    EpochPlan plan;
    plan.size = size;
    progressive->plan_epoch(plan, {.epoch = epoch, .step = 0, .epochs = epochs, .steps_per_epoch = 10});
    all.emplace_back(plan.size, plan.strength);
  }
  return all;
}

TEST(Progressive, TakesEqualStagesByDefault) {
  // EfficientNetV2's layout: as long in each of four sizes.
  const auto epochs = epochs_of({{"strength_from", 0.25}}, 8, 64);
  const std::vector<std::pair<int, double>> expected{{32, 0.25}, {32, 0.25}, {44, 0.5}, {44, 0.5},
                                                     {52, 0.75}, {52, 0.75}, {64, 1},   {64, 1}};
  EXPECT_EQ(epochs, expected) << "a third of the way from 32 to 64 is 42.7, two thirds 53.3: multiples of 4";
}

TEST(Progressive, HoldsAndEndsAsComposerDoes) {
  const auto epochs = epochs_of({{"stages", 100}, {"hold", 0.5}, {"full", 0.2}}, 10, 224);
  for (int epoch = 0; epoch < 5; ++epoch) EXPECT_EQ(epochs[std::size_t(epoch)].first, 112) << epoch;
  for (int epoch = 6; epoch < 8; ++epoch) {
    EXPECT_GT(epochs[std::size_t(epoch)].first, epochs[std::size_t(epoch - 1)].first);
    EXPECT_EQ(epochs[std::size_t(epoch)].first % 4, 0);
  }
  for (int epoch = 8; epoch < 10; ++epoch) EXPECT_EQ(epochs[std::size_t(epoch)].first, 224) << epoch;
  for (const auto& [size, strength] : epochs) EXPECT_EQ(strength, 1);
}

TEST(Progressive, EndsAtTheFullSizeWhateverItsMultiple) {
  EXPECT_EQ(epochs_of(nlohmann::json::object(), 4, 30).back().first, 30);
}

TEST(Progressive, RefusesLayoutsThatNeverReachTheEnd) {
  const auto& entry = entry_of("curriculum.progressive");
  const nlohmann::json recipe = nlohmann::json::object();
  const auto reasons = [&](const nlohmann::json& given, int epochs) {
    return entry.refuses(settings_of(entry, given), {recipe, epochs}).size();
  };
  EXPECT_EQ(reasons(nlohmann::json::object(), 1), 1u);
  EXPECT_EQ(reasons({{"hold", 0.6}, {"full", 0.5}}, 20), 1u);
  EXPECT_EQ(reasons({{"strength_from", 0.5}}, 20), 1u) << "nothing that has a strength is on";
  const nlohmann::json with_mixing{{"mix", {{"mixup", nlohmann::json::object()}}}};
  EXPECT_TRUE(entry.refuses(settings_of(entry, {{"strength_from", 0.5}}), {with_mixing, 20}).empty());
}

TEST(Curriculum, SaysTheSmallestImageThatItShows) {
  const auto smallest = [](const std::string& name, const nlohmann::json& given) {
    return entry_of(name).smallest_size(settings_of(entry_of(name), given), 32);
  };
  EXPECT_EQ(smallest("curriculum.progressive", {{"size_from", 0.4}}), 12);
  EXPECT_EQ(smallest("curriculum.test_size", {{"scale", 1.25}}), 40);
}

TEST(TestSize, ScalesTheSizeOfTraining) {
  const auto test_size = make("curriculum.test_size", {{"scale", 1.25}});
  begin(*test_size, "curriculum.test_size");
  EXPECT_EQ(test_size->evaluation_size(), 40) << "images of the stand-in have 32 px";
}

}  // namespace
}  // namespace ablate::test
