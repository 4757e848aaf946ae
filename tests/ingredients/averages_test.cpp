#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/ingredients/toy_training.h"

namespace ablate::test {
namespace {

using nlohmann::json;

/// One weight and the running mean of one channel.
Weights one_weight(double weight, double statistic) {
  Weights weights({{.name = "weight", .shape = {1}, .kind = Kind::NormWeight},
                   {.name = "running_mean", .shape = {1}, .kind = Kind::RunningMean}},
                  at::kDouble);
  weights.trained().fill_(weight);
  weights.statistics().fill_(statistic);
  return weights;
}

/// Runs an average over epochs of one update, whose weights and statistics are given.
class Averaged {
 public:
  Averaged(const std::string& name, const json& settings)
      : ingredient_(make(name, settings)), student_(one_weight(7, 7)) {
    FakeSetup setup(name, one_weight(7, 7));
    ingredient_->begin(setup);
  }
  Averaged& epoch(double weight, double statistic) {
    student_.weights().copy_from(one_weight(weight, statistic));
    const Progress at{.epoch = epoch_++, .epochs = 4, .steps_per_epoch = 1};
    ingredient_->after_step(student_, at);
    EpochEnd end{at, std::nullopt, student_, {}};
    ingredient_->after_epoch(end);
    return *this;
  }
  bool begun() const { return ingredient_->average() != nullptr; }
  double weight() const { return ingredient_->average()->trained().item<double>(); }
  double statistic() const { return ingredient_->average()->statistics().item<double>(); }

 private:
  std::unique_ptr<Ingredient> ingredient_;
  FakeStudent student_;
  int epoch_ = 0;
};

TEST(Averages, TreatStatisticsAsAskedTo) {
  const std::map<std::string, json> averages{{"average.ema", {{"decay", 0.5}, {"warmup", "none"}}},
                                             {"average.swa", {{"active", {0, 1}}}},
                                             {"average.lawa", {{"last", 2}}}};
  for (const auto& [name, settings] : averages)
    for (const auto& [mode, expected] : std::map<std::string, double>{{"average", 3}, {"copy", 4}}) {
      auto given = settings;
      given["buffers"] = mode;
      Averaged average(name, given);
      average.epoch(1, 2).epoch(3, 4);
      EXPECT_DOUBLE_EQ(average.weight(), 2) << name << ", " << mode;
      EXPECT_DOUBLE_EQ(average.statistic(), expected) << name << ", " << mode;
    }
}

TEST(Averages, AreTheWeightsThemselvesAtFirst) {
  for (const auto& [name, settings] :
       std::map<std::string, json>{{"average.ema", json::object()},
                                   {"average.swa", {{"active", {0, 1}}, {"buffers", "average"}}},
                                   {"average.lawa", json::object()}}) {
    Averaged average(name, settings);
    EXPECT_FALSE(average.begun()) << name;
    average.epoch(0.1, 0.3);
    EXPECT_EQ(average.weight(), 0.1) << name;
    EXPECT_EQ(average.statistic(), 0.3) << name;
  }
}

TEST(Averages, RefuseModesThatDoNothingOrHarm) {
  for (const std::string name : {"average.ema", "average.swa", "average.lawa"}) {
    EXPECT_EQ(refusals(name, {{"buffers", "copy"}, {"recompute_batches", 3}}).size(), 1u) << name;
    const json sparse{{"sparsify", {{"dpf", json::object()}}}};
    EXPECT_EQ(refusals(name, {{"buffers", "recompute"}}, sparse).size(), 1u) << name;
    const json core{{"sparsify", {{"core", json::object()}}}};
    EXPECT_TRUE(refusals(name, {{"buffers", "recompute"}}, core).empty()) << name << " is delivered whole";
  }
}

TEST(Ema, IsTheWeightsThemselvesAtDecayZero) {
  for (const std::string warmup : {"none", "timm", "tensorflow"})
    EXPECT_EQ(
        Averaged("average.ema", {{"decay", 0.0}, {"warmup", warmup}}).epoch(1, 1).epoch(0.3, 0).weight(), 0.3)
        << warmup;
}

TEST(Ema, WaitsForItsWindow) {
  Averaged average("average.ema", {{"active", {0.5, 1.0}}, {"warmup", "none"}, {"decay", 0.5}});
  average.epoch(1, 1).epoch(2, 2);
  EXPECT_FALSE(average.begun());
  EXPECT_EQ(average.epoch(3, 3).weight(), 3) << "a late start begins as a copy";
  EXPECT_EQ(average.epoch(5, 5).weight(), 4);
}

TEST(Ema, BeginsAsTheInitialWeightsWhenAskedTo) {
  Averaged average("average.ema", {{"start", "initial"}, {"warmup", "none"}, {"decay", 0.5}});
  EXPECT_EQ(average.epoch(1, 1).weight(), 4) << "half of the initial 7 and half of 1";
}

TEST(Ema, TakesAHalfLifeOrAWindowInEpochsInPlaceOfADecay) {
  // The stand-in's epochs have ten steps.
  const auto kept = [](const json& more) {
    json settings{{"start", "initial"}, {"warmup", "none"}};
    settings.update(more);
    return Averaged("average.ema", settings).epoch(0, 0).weight() / 7;
  };
  EXPECT_NEAR(kept({{"half_life", 0.1}}), 0.5, 1e-12);
  EXPECT_NEAR(kept({{"half_life", 2.0}, {"unit", "step"}}), std::sqrt(0.5), 1e-12);
  EXPECT_NEAR(kept({{"window", 2.0}}), 1 - 1.0 / 20, 1e-12);
  EXPECT_NEAR(kept({{"window", 0.05}}), 0, 1e-12) << "less than an update: no average at all";
  EXPECT_NEAR(kept({{"decay", 0.99}, {"rescale", true}}), 1 - 0.01 * 8 / 10, 1e-12) << "batch 8, ten epochs";
}

TEST(Ema, LooksAtEveryFewUpdatesWhenAskedTo) {
  Averaged average("average.ema", {{"every", 2}, {"warmup", "none"}, {"decay", 0.5}});
  EXPECT_FALSE(average.epoch(1, 1).begun());
  EXPECT_EQ(average.epoch(2, 2).epoch(9, 9).weight(), 2);
  EXPECT_EQ(average.epoch(4, 4).weight(), 3);
}

TEST(Ema, RefusesToBeToldItsDecayTwice) {
  EXPECT_EQ(refusals("average.ema", {{"half_life", 1}, {"window", 2}}).size(), 1u);
  EXPECT_EQ(refusals("average.ema", {{"start", "initial"}}).size(), 1u);
  EXPECT_EQ(refusals("average.ema", {{"half_life", 1}, {"decay", 0.99}}).size(), 1u);
  EXPECT_EQ(refusals("average.ema", {{"window", 1}, {"decay", 0.99}}).size(), 1u);
  EXPECT_TRUE(refusals("average.ema", {{"window", 1}}).empty());
  EXPECT_TRUE(refusals("average.ema", {{"decay", 0.99}}).empty());
  const json gathering{{"optimizer", {{"accumulate", {{"steps", 4}}}}}};
  EXPECT_EQ(refusals("average.ema", {{"half_life", 1}}, gathering).size(), 1u);
  EXPECT_TRUE(refusals("average.ema", {{"half_life", 100}, {"unit", "step"}}, gathering).empty());
}

TEST(Swa, AveragesTheLastQuarterUnlessToldOtherwise) {
  Averaged average("average.swa", {{"buffers", "average"}});
  EXPECT_FALSE(average.epoch(1, 1).epoch(2, 2).epoch(3, 3).begun());
  EXPECT_EQ(average.epoch(4, 4).weight(), 4);
}

TEST(Swa, TakesEveryFewEpochs) {
  Averaged average("average.swa", {{"active", {0, 1}}, {"every", 2}, {"buffers", "average"}});
  EXPECT_EQ(average.epoch(1, 1).epoch(8, 8).epoch(3, 3).epoch(8, 8).weight(), 2);
}

TEST(Lawa, ForgetsOlderEpochs) {
  Averaged average("average.lawa", {{"last", 2}});
  EXPECT_EQ(average.epoch(9, 9).epoch(1, 1).epoch(2, 2).weight(), 1.5);
}

/// Leaves 0.1 times the batch's value in the statistics, as an executor does.
class StatisticsStudent final : public Student {
 public:
  Weights& weights() override { return weights_; }
  const Graph& graph() const override { return graph_; }
  Output forward(const at::Tensor&, const Pass&) override { return {}; }
  Output forward_with(const Weights& weights, const at::Tensor& images, const Pass& pass) override {
    EXPECT_TRUE(pass.training && pass.update_statistics);
    weights.statistics().mul_(0.9).add_(images.mean(), 0.1);
    return {};
  }

 private:
  Graph graph_;
  Weights weights_ = one_weight(1, -1);
};

TEST(Averages, RecomputeStatisticsAsTheMeanOverBatches) {
  for (const std::string name : {"average.ema", "average.swa", "average.lawa"}) {
    const auto average = make(name, {{"buffers", "recompute"}, {"recompute_batches", 3}, {"active", {0, 1}}});
    FakeSetup setup(name, one_weight(7, 7));
    StatisticsStudent student;
    average->begin(setup);
    average->after_step(student, {});
    EpochEnd end{{}, std::nullopt, student, [](int batches, const auto& use) {
                   EXPECT_EQ(batches, 3);
                   for (const double value : {1.0, 2.0, 6.0})
                     use(Batch{.images = at::full({2, 3, 1, 1}, value)});
                   use(Batch{.images = at::full({1, 3, 1, 1}, 100.0)});  // a single image is left out
                 }};
    average->after_epoch(end);
    EXPECT_NEAR(average->average()->statistics().item<double>(), 3, 1e-6) << name;
    EXPECT_EQ(student.weights().statistics().item<double>(), -1) << name << " left the training's alone";
  }
}

}  // namespace
}  // namespace ablate::test
