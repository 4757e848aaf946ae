#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "ingredients/mix/mixing.h"
#include "tests/graph/fixture.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

using ingredients::blended;
using ingredients::Box;
using ingredients::cut_box;
using ingredients::reversed;
using ingredients::share_outside;

TEST(CutMixFixture, ReproducesBoxesAndLambdas) {
  const auto fixture = read_fixture(fixture_folder() / "augment.json");
  for (const auto& one : fixture.at("cutmix").at("cases"))
    for (const std::string rounding : {"half_down", "half_up"}) {
      const int height = one.at("height"), width = one.at("width");
      const auto box =
          cut_box(height, width, one.at("lambda"), one.at("cy"), one.at("cx"), rounding == "half_up");
      const std::vector<int> ours{box.top, box.bottom, box.left, box.right};
      EXPECT_EQ(ours, one.at("box_" + rounding).get<std::vector<int>>()) << one << ' ' << rounding;
      EXPECT_NEAR(share_outside(box, height, width), one.at("lambda_" + rounding).get<double>(), 1e-12);
    }
}

TEST(MixupFixture, ReproducesSmoothedAndMixedTargets) {
  const auto fixture = read_fixture(fixture_folder() / "augment.json");
  for (const auto& one : fixture.at("mixup_targets")) {
    const auto labels = one.at("labels").get<std::vector<std::int64_t>>();
    auto targets =
        at::zeros({std::int64_t(labels.size()), one.at("classes").get<std::int64_t>()}, at::kDouble);
    for (std::size_t n = 0; n < labels.size(); ++n) targets[std::int64_t(n)][labels[n]] = 1;
    Batch batch{.images = {}, .targets = targets, .labels = {}, .ids = {}};
    make("loss.label_smoothing", {{"epsilon", one.at("smoothing")}})->transform_batch(batch, {});
    const auto mixed = blended(batch.targets, reversed(batch.targets, 1), one.at("lambda"));
    const auto& expected = one.at("target");
    for (std::size_t n = 0; n < expected.size(); ++n)
      for (std::size_t c = 0; c < expected[n].size(); ++c)
        EXPECT_NEAR(mixed[std::int64_t(n)][std::int64_t(c)].item<double>(), expected[n][c].get<double>(),
                    1e-15);
  }
}

/// Each image is its own number all over, so that what came from where can be read off.
Batch numbered_batch(std::int64_t n, int views = 1) {
  const auto numbers = at::arange(double(n * views), at::kDouble).view({n * views, 1, 1, 1});
  return {.images = numbers.expand({n * views, 3, 8, 8}).clone(),
          .targets = at::eye(n, at::kDouble),
          .labels = at::arange(n),
          .ids = {},
          .views = views};
}

TEST(Mixing, PairsEachViewWithItsOwn) {
  const auto images = numbered_batch(3, 2).images;
  const auto partners = values_of(reversed(images, 2).select(1, 0).select(1, 0).select(1, 0));
  EXPECT_EQ(partners, (std::vector<double>{2, 1, 0, 5, 4, 3}));
}

TEST(Mixup, BlendsImagesAndTargetsByOneShare) {
  const auto mixup = make("mix.mixup", {{"alpha", 1.0}});
  begin(*mixup, "mix.mixup");
  auto batch = numbered_batch(4);
  mixup->transform_batch(batch, {.epoch = 0, .step = 5, .epochs = 2, .steps_per_epoch = 10});
  const double lambda = batch.targets[0][0].item<double>();
  EXPECT_GT(lambda, 0);
  EXPECT_LT(lambda, 1);
  EXPECT_NEAR(batch.targets[0][3].item<double>(), 1 - lambda, 1e-15);
  EXPECT_NEAR(batch.images[0][0][0][0].item<double>(), 3 * (1 - lambda), 1e-12);
  EXPECT_EQ(mixup->counters().at("batches"), 1);
}

TEST(CutMix, MixesTargetsByTheAreaThatWasPasted) {
  const auto cutmix = make("mix.cutmix", {{"probability", 1.0}});
  begin(*cutmix, "mix.cutmix");
  for (int step = 0; step < 50; ++step) {
    auto batch = numbered_batch(4);
    cutmix->transform_batch(batch, {.epoch = 0, .step = step, .epochs = 2, .steps_per_epoch = 50});
    const double pasted = (batch.images[0] == 3).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(batch.targets[0][3].item<double>(), pasted, 1e-12) << "step " << step;
  }
  EXPECT_GT(cutmix->counters().at("batches"), 40);
}

TEST(CutMix, MixesAsManyBatchesAsItsProbabilitySays) {
  const auto cutmix = make("mix.cutmix", {{"probability", 0.5}});
  begin(*cutmix, "mix.cutmix");
  for (int step = 0; step < 1000; ++step) {
    auto batch = numbered_batch(2);
    cutmix->transform_batch(batch, {.epoch = 0, .step = step, .epochs = 1, .steps_per_epoch = 1000});
  }
  // 500 expected of 1000, some with an empty box; five standard deviations of 16 around it, and a little
  // below.
  EXPECT_NEAR(cutmix->counters().at("batches"), 490, 90);
}

TEST(Mix, RefusesBatchesOfOne) {
  const auto& entry = entry_of("mix.cutmix");
  const nlohmann::json recipe{{"train", {{"batch", 1}}}};
  EXPECT_EQ(entry.refuses(settings_of(entry, nlohmann::json::object()), {recipe, 30}).size(), 1u);
}

}  // namespace
}  // namespace ablate::test
