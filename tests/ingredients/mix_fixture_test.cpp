#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include <ATen/ATen.h>

#include "ingredients/mix/mixing.h"
#include "tests/graph/fixture.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

using ingredients::Box;
using ingredients::cut_box;
using ingredients::mix_in;
using ingredients::MixSamples;
using ingredients::partners_of;
using ingredients::Portion;
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
    ASSERT_EQ(one.at("partner"), "reversed batch");
    auto draw = Stream(1, "unused").at(0, 0);
    const MixSamples samples{at::zeros({1, targets.size(0), 3, 2, 2}, at::kDouble), batch.targets};
    mix_in(samples, partners_of(samples, "reversed", draw), Portion{one.at("lambda"), std::nullopt});
    const auto& mixed = samples.targets;
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

std::vector<double> numbers_of(const at::Tensor& images) {
  return values_of(images.flatten(0, -4).select(-1, 0).select(-1, 0).select(-1, 0));
}

TEST(Mixing, PairsEachViewWithItsOwn) {
  const auto batch = numbered_batch(3, 2);
  const MixSamples samples{batch.images.unflatten(0, {2, 3}), batch.targets};
  auto draw = Stream(1, "partners").at(0, 0);
  EXPECT_EQ(numbers_of(partners_of(samples, "reversed", draw).images),
            (std::vector<double>{2, 1, 0, 5, 4, 3}));
  EXPECT_EQ(numbers_of(partners_of(samples, "shifted", draw).images),
            (std::vector<double>{2, 0, 1, 5, 3, 4}));
  const auto shuffled = partners_of(samples, "shuffled", draw);
  auto numbers = numbers_of(shuffled.images);
  for (std::size_t n = 0; n < 3; ++n) {
    EXPECT_EQ(numbers[n + 3], numbers[n] + 3) << "the same partner in both views";
    EXPECT_EQ(shuffled.targets[std::int64_t(n)].argmax().item<double>(), numbers[n]);
  }
  std::sort(numbers.begin(), numbers.end());
  EXPECT_EQ(numbers, (std::vector<double>{0, 1, 2, 3, 4, 5}));
}

/// The share of its own label that each sample keeps, checked against its image: each row of targets names
/// whom it was mixed with.
std::vector<double> kept_shares(const std::string& name, nlohmann::json given, std::int64_t n) {
  const auto mixing = make(name, given);
  begin(*mixing, name);
  auto batch = numbered_batch(n);
  mixing->transform_batch(batch, {.epoch = 0, .step = 3, .epochs = 1, .steps_per_epoch = 10});
  const auto expected = batch.targets.matmul(at::arange(double(n), at::kDouble));
  const auto means = batch.images.mean({1, 2, 3});
  EXPECT_TRUE(at::allclose(means, expected)) << "images and targets are mixed by the same shares";
  return values_of(batch.targets.diagonal());
}

TEST(Mixing, DrawsForTheBatchForPairsOrForEachSample) {
  for (const std::string name : {"mix.mixup", "mix.cutmix", "mix.mixup_or_cutmix"}) {
    SCOPED_TRACE(name);
    nlohmann::json given{{"probability", 1.0}};
    const auto batch = kept_shares(name, given, 32);
    EXPECT_EQ(std::set<double>(batch.begin(), batch.end()).size(), 1u);
    given["draws"] = "pair";
    const auto pairs = kept_shares(name, given, 32);
    for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(pairs[i], pairs[31 - i]) << "pair " << i;
    EXPECT_GT(std::set<double>(pairs.begin(), pairs.end()).size(), 8u);
    const auto only_pair = kept_shares(name, given, 2);
    EXPECT_EQ(only_pair[0], only_pair[1]);
    given["draws"] = "sample";
    for (const std::string partner : {"reversed", "shuffled", "shifted"}) {
      given["partner"] = partner;
      const auto samples = kept_shares(name, given, 32);
      EXPECT_GT(std::set<double>(samples.begin(), samples.end()).size(), 8u) << partner;
    }
  }
}

TEST(Mixing, CopesWithAnOddBatchAndWithOneSample) {
  for (const std::string draws : {"batch", "pair", "sample"})
    for (const std::int64_t n : {1, 5}) {
      const auto shares = kept_shares("mix.mixup_or_cutmix", {{"draws", draws}}, n);
      EXPECT_NEAR(shares[std::size_t(n / 2)], 1, 1e-15) << "the one in the middle meets itself";
    }
}

TEST(MixupOrCutMix, SwitchesAsOftenAsItsProbabilitySays) {
  const auto mixing = make("mix.mixup_or_cutmix", {{"switch_probability", 0.25}});
  begin(*mixing, "mix.mixup_or_cutmix");
  int pasted = 0, mixed = 0;
  for (int step = 0; step < 1000; ++step) {
    auto batch = numbered_batch(2);
    mixing->transform_batch(batch, {.epoch = 0, .step = step, .epochs = 1, .steps_per_epoch = 1000});
    const auto first = batch.images[0];
    const bool whole = ((first == 0) + (first == 1)).all().item<bool>();
    mixed += batch.targets[0][0].item<double>() < 1;
    pasted += whole && batch.targets[0][0].item<double>() < 1;
  }
  EXPECT_NEAR(double(pasted) / mixed, 0.25, 0.07) << "five standard deviations";
}

TEST(Mixing, WeakensWithTheStrengthOfACurriculum) {
  const auto mixup = make("mix.mixup", {{"alpha", 1.0}});
  begin(*mixup, "mix.mixup");
  EpochPlan plan;
  plan.strength = 0;
  mixup->plan_epoch(plan, {});
  auto batch = numbered_batch(4);
  mixup->transform_batch(batch, {.epoch = 0, .step = 0, .epochs = 1, .steps_per_epoch = 10});
  EXPECT_TRUE(at::equal(batch.targets, numbered_batch(4).targets));
  EXPECT_EQ(mixup->counters().at("batches"), 0);
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

TEST(Mix, RefusesPairsOfPartnersThatAreNotMutual) {
  const auto& entry = entry_of("mix.mixup");
  const nlohmann::json recipe = nlohmann::json::object();
  EXPECT_EQ(
      entry.refuses(settings_of(entry, {{"draws", "pair"}, {"partner", "shifted"}}), {recipe, 30}).size(),
      1u);
  EXPECT_TRUE(entry.refuses(settings_of(entry, {{"draws", "pair"}}), {recipe, 30}).empty());
}

}  // namespace
}  // namespace ablate::test
