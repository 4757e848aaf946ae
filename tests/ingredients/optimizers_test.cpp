#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/ingredients/toy_training.h"

namespace ablate::test {
namespace {

using nlohmann::json;

std::vector<std::string> plain_optimizers() {
  std::vector<std::string> names;
  for (const auto& entry : ingredient_catalogue())
    if (entry.family == "optimizer" && !entry.wrapper) names.push_back(entry.name);
  return names;
}

TEST(Optimizers, ScaleTheRateOfASegment) {
  for (const auto& name : plain_optimizers()) {
    ToyTraining training(toy_fixture(), {{name, json::object()}});
    const auto before = training.weights().clone();
    training.set().lr_scale[1] = 0;
    training.step(1);
    for (std::size_t j = 0; j < before.entries().size(); ++j)
      EXPECT_EQ(at::equal(training.weights().entries()[j].tensor, before.entries()[j].tensor), j == 1)
          << name << ", tensor " << j;
  }
}

TEST(Optimizers, DecayOnlyWhatIsToDecay) {
  for (const auto& name : plain_optimizers()) {
    if (name == "optimizer.muon") continue;  // has another decay for the rest
    const auto trained = [&](double decay, bool excluded) {
      ToyTraining training(toy_fixture(), {{name, {{"weight_decay", decay}}}});
      if (excluded) training.set().decay_scale.assign(6, 0);
      training.step(1);
      return training.weights().trained().clone();
    };
    EXPECT_TRUE(at::equal(trained(0.1, true), trained(0, false))) << name;
    EXPECT_FALSE(at::equal(trained(0.1, false), trained(0, false))) << name;
  }
}

TEST(Optimizers, GoOnFromTheirArchivesAsIfNothingHadHappened) {
  for (const auto& name : plain_optimizers()) {
    ToyTraining undisturbed(toy_fixture(), {{name, json::object()}}),
        resumed(toy_fixture(), {{name, json::object()}});
    undisturbed.step(0.1);
    Archive archive;
    undisturbed.at(0).save(archive);
    for (auto& [tensor_name, tensor] : archive.tensors) tensor = tensor.clone();
    archive.values = json::parse(archive.values.dump());
    resumed.skip_to(1, undisturbed.weights());
    resumed.at(0).load(archive);
    undisturbed.step(0.1);
    resumed.step(0.1);
    EXPECT_TRUE(at::equal(undisturbed.weights().trained(), resumed.weights().trained())) << name;
    EXPECT_EQ(resumed.at(0).counters().at("updates"), 2) << name;
  }
}

TEST(Optimizers, ScaleTheBaseRateToTheBatch) {
  // The toy's batch is 8.
  const auto factor = [](const json& given) {
    ToyTraining training(toy_fixture(), {{"optimizer.sgd", given}});
    Rates rates;
    training.at(0).schedule(rates, {});
    return rates.lr_factor;
  };
  EXPECT_EQ(factor(json::object()), 1);
  EXPECT_EQ(factor({{"lr_for_batch", 2}}), 4);
  EXPECT_EQ(factor({{"lr_for_batch", 2}, {"lr_scaling", "square_root"}}), 2);
}

TEST(Optimizers, RefuseAScalingThatCannotBeMeant) {
  for (const auto& name : plain_optimizers()) {
    EXPECT_TRUE(refusals(name, json::object(), json::object()).empty()) << name;
    EXPECT_EQ(refusals(name, {{"lr_scaling", "square_root"}}).size(), 1u) << name;
    const json gathering{{"optimizer", {{"accumulate", {{"steps", 4}}}}}};
    EXPECT_EQ(refusals(name, {{"lr_for_batch", 256}}, gathering).size(), 1u) << name;
  }
}

TEST(Sgd, RefusesDampenedNesterov) {
  EXPECT_EQ(refusals("optimizer.sgd", {{"dampening", 0.1}}).size(), 1u);
}

TEST(Muon, LeavesDepthwiseKernelsHeadAndVectorsToAnotherRule) {
  ToyTraining training(toy_fixture(), {{"optimizer.muon", {{"rest_lr", 0.0}}}});
  const auto before = training.weights().clone();
  training.step(1);
  for (const auto& entry : before.entries()) {
    const bool matrix = entry.name == "conv.weight" || entry.name == "pw.weight";
    EXPECT_EQ(at::equal(training.weights().at(entry.name), entry.tensor), !matrix) << entry.name;
  }
}

TEST(Muon, TrainsTheRestAsAdamwDoes) {
  ToyTraining muon(toy_fixture(), {{"optimizer.muon", {{"rest_lr", 0.02}, {"rest_weight_decay", 0.05}}}});
  ToyTraining adamw(toy_fixture(), {{"optimizer.adamw", {{"lr", 0.02}, {"weight_decay", 0.05}}}});
  for (int t = 0; t < 3; ++t) {
    muon.step(1);
    adamw.step(1);
  }
  for (const std::string name : {"dw.weight", "bn.weight", "bn.bias", "fc.weight"})
    EXPECT_TRUE(at::equal(muon.weights().at(name), adamw.weights().at(name))) << name;
}

TEST(Sam, RefusesGradientAccumulationAndItsTwin) {
  const json gathering{{"optimizer", {{"accumulate", {{"steps", 4}}}}}};
  const json twins{{"optimizer", {{"sam", json::object()}, {"asam", json::object()}}}};
  for (const std::string name : {"optimizer.sam", "optimizer.asam"}) {
    EXPECT_EQ(refusals(name, json::object(), gathering).size(), 1u) << name;
    EXPECT_EQ(refusals(name, json::object(), twins).size(), 1u) << name;
  }
}

TEST(Asam, AddsEtaToTheSizeOfEveryWeight) {
  // Where eta dwarfs the weights, every weight counts alike: SAM with eta times the radius.
  ToyTraining asam(toy_fixture(),
                   {{"optimizer.asam", {{"rho", 1e-9}, {"eta", 1e9}}}, {"optimizer.sgd", json::object()}});
  ToyTraining sam(toy_fixture(), {{"optimizer.sam", {{"rho", 1.0}}}, {"optimizer.sgd", json::object()}});
  asam.step(1);
  sam.step(1);
  EXPECT_LT((asam.weights().trained() - sam.weights().trained()).abs().max().item<double>(), 1e-7);
}

TEST(Lookahead, PullsAtTheEndOfAnEpochWhenAskedTo) {
  const auto pulls = [](bool epoch_end) {
    ToyTraining training(toy_fixture(), {{"optimizer.lookahead", {{"every", 4}, {"epoch_end", epoch_end}}},
                                         {"optimizer.sgd", json::object()}});
    for (int t = 0; t < 6; ++t)
      training.step(0.1, {.epoch = t / 3, .step = t % 3, .epochs = 2, .steps_per_epoch = 3});
    return training.at(0).counters().at("pulls");
  };
  EXPECT_EQ(pulls(false), 1) << "after the fourth update";
  EXPECT_EQ(pulls(true), 3) << "and after the third and the sixth";
}

TEST(Accumulate, UpdatesOnceWithTheMeanOfTheGradients) {
  ToyTraining training(toy_fixture(),
                       {{"optimizer.accumulate", {{"steps", 2}}},
                        {"optimizer.sgd", {{"lr", 0.5}, {"momentum", 0.0}, {"weight_decay", 0.0}}}});
  const auto before = training.weights().trained().clone();
  ToyProblem problem(toy_fixture());
  auto mean = at::zeros_like(before);
  for (int t = 0; t < 2; ++t) {
    auto weights = problem.start();
    problem.gradient(weights, t);
    mean += weights.gradients() / 2;
  }
  training.step(1, {.step = 0, .epochs = 1, .steps_per_epoch = 5});
  EXPECT_TRUE(training.postponed());
  EXPECT_TRUE(at::equal(training.weights().trained(), before));
  training.step(1, {.step = 1, .epochs = 1, .steps_per_epoch = 5});
  EXPECT_FALSE(training.postponed());
  EXPECT_LT((training.weights().trained() - (before - 0.5 * mean)).abs().max().item<double>(), 1e-12);
}

TEST(Accumulate, UpdatesAtTheEndOfAnEpochWithWhatThereIs) {
  ToyTraining training(toy_fixture(),
                       {{"optimizer.accumulate", {{"steps", 2}}}, {"optimizer.sgd", json::object()}});
  std::vector<bool> postponed;
  for (int t = 0; t < 6; ++t) {
    training.step(0.1, {.epoch = t / 3, .step = t % 3, .epochs = 2, .steps_per_epoch = 3});
    postponed.push_back(training.postponed());
  }
  EXPECT_EQ(postponed, (std::vector<bool>{true, false, false, true, false, false}));
}

}  // namespace
}  // namespace ablate::test
