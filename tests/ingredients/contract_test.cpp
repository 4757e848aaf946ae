#include <gtest/gtest.h>

#include <cmath>

#include <ATen/ATen.h>

#include "harness/core/canonical.h"
#include "ingredients/ingredient.h"
#include "tests/ingredients/print.h"
#include "tests/ingredients/small_training.h"

namespace ablate::test {
namespace {

using testing::TestWithParam;
using testing::ValuesIn;

const nlohmann::json kMobile{{"mobilenetv2", {{"width", 0.1}, {"dropout", 0.1}}}};
const nlohmann::json kGhost{{"ghostnetv2", {{"width", 0.1}, {"dropout", 0.1}}}};
const nlohmann::json kShuffle{{"shufflenetv2", {{"width", 0.5}}}};

/// Contracts that every ingredient keeps in a real training, tested from the catalogue alone.
class Contract : public TestWithParam<IngredientEntry> {
 protected:
  nlohmann::json with(const nlohmann::json& backbone, const nlohmann::json& settings) const {
    return small.with(small.recipe(backbone), GetParam(), settings);
  }
  nlohmann::json with(const nlohmann::json& backbone) const { return with(backbone, GetParam().trial); }
  nlohmann::json absent(const nlohmann::json& backbone) const {
    return small.without(small.recipe(backbone), GetParam());
  }

  SmallTraining small;
};

void expect_finite(const SmallTraining::Result& result) {
  EXPECT_EQ(result.outcome.state, Outcome::State::Done) << result.outcome.message;
  EXPECT_EQ(result.epochs.size(), 2u);
  for (const auto& metrics : result.epochs)
    for (const auto& [name, value] : metrics.items())
      EXPECT_TRUE(value.is_number()) << name << " is " << value;
  for (const auto& [place, tensor] : result.weights)
    EXPECT_TRUE(at::isfinite(tensor).all().item<bool>()) << place;
}

void expect_same_run(const SmallTraining::Result& a, const SmallTraining::Result& b) {
  expect_same_bits(a.weights, b.weights);
  EXPECT_EQ(a.epochs, b.epochs);
  EXPECT_EQ(a.evaluations, b.evaluations);
  EXPECT_EQ(a.counters, b.counters);
}

/// What one training saw: initial weights, and the samples of each step before anything mixes them.
struct Sightings {
  std::map<std::string, at::Tensor> initial;
  std::vector<std::vector<std::uint32_t>> ids;
  std::vector<std::string> images;
};

/// Whether a tensor of fresh weights was drawn: what begins as a constant takes nobody's draws.
bool is_drawn(const at::Tensor& tensor) {
  return tensor.min().item<float>() != tensor.max().item<float>();
}

/// Changes nothing and remembers everything.
class Spy final : public Ingredient {
 public:
  explicit Spy(Sightings& seen) : seen_(seen) {}

  void begin(Setup& setup) override {
    std::map<std::string, at::Tensor> by_name;
    for (const auto& entry : setup.weights().entries()) by_name[entry.name] = entry.tensor.clone();
    seen_.initial = by_place(setup.graph(), by_name);
  }
  void transform_batch(Batch& batch, const Progress&) override {
    const auto images = batch.images.contiguous();
    seen_.ids.push_back(batch.ids);
    seen_.images.push_back(sha256({static_cast<const char*>(images.data_ptr()), images.nbytes()}));
  }

 private:
  Sightings& seen_;
};

Sightings watch(const SmallTraining& small, nlohmann::json recipe) {
  Sightings seen;
  IngredientEntry entry;
  entry.name = "curriculum.spy";
  entry.family = "curriculum";
  entry.short_name = "spy";
  entry.stage = Stage::Erase;  // behind the augmentations, before targets and mixing
  entry.make = [&](const nlohmann::json&) { return std::make_unique<Spy>(seen); };
  auto catalogue = ingredient_catalogue();
  catalogue.push_back(entry);
  recipe["curriculum"]["spy"] = nlohmann::json::object();
  small.train(recipe, {.catalogue = catalogue});
  return seen;
}

TEST_P(Contract, StaysFiniteAndActsOnEveryBackbone) {
  for (const auto& backbone : {kMobile, kGhost, kShuffle}) {
    SCOPED_TRACE(backbone.dump());
    if (!small.applies(GetParam(), backbone, GetParam().trial)) continue;
    const auto result = small.train(with(backbone));
    expect_finite(result);
    EXPECT_TRUE(result.invalid.empty()) << result.invalid;
    double acted = 0;
    for (const auto& counter : GetParam().counters) {
      const auto name = GetParam().name + "." + counter;
      ASSERT_TRUE(result.counters.contains(name)) << result.counters;
      acted += std::abs(result.counters[name].get<double>());
    }
    EXPECT_GT(acted, 0) << result.counters;
  }
}

TEST_P(Contract, GivesTheSameBitsAgainAndAfterAnInterruption) {
  const auto recipe = with(kMobile);
  const auto undisturbed = small.train(recipe);
  {
    SCOPED_TRACE("the same seed");
    expect_same_run(undisturbed, small.train(recipe));
  }
  for (const int steps : {2, 4}) {
    SCOPED_TRACE("interrupted after " + std::to_string(steps) + " of 6 steps");
    expect_same_run(undisturbed, small.train(recipe, {.stop_after_steps = steps}));
  }
}

TEST_P(Contract, GivesTheSameBitsAfterAnInterruptionUnderTheReferenceExecutor) {
  if (!small.applies(GetParam(), kGhost, GetParam().trial)) GTEST_SKIP() << "nothing to act on";
  auto recipe = with(kGhost);
  recipe["train"]["executor"] = "reference";
  const auto undisturbed = small.train(recipe);
  expect_finite(undisturbed);
  expect_same_run(undisturbed, small.train(recipe, {.stop_after_steps = 3}));
}

TEST_P(Contract, IsAbsentAtItsNeutralSettings) {
  if (GetParam().neutral.empty()) GTEST_SKIP() << GetParam().no_neutral;
  const auto without = small.train(absent(kMobile));
  for (const auto& neutral : GetParam().neutral) {
    SCOPED_TRACE(neutral.dump());
    const auto result = small.train(with(kMobile, neutral));
    expect_same_bits(without.weights, result.weights);
    for (std::size_t epoch = 0; epoch < without.epochs.size(); ++epoch)
      for (const auto& [name, value] : without.epochs[epoch].items())
        EXPECT_EQ(result.epochs.at(epoch).at(name), value) << name << ", epoch " << epoch + 1;
    for (const auto* name : {"correct", "top1", "top5", "loss", "ece"})
      EXPECT_EQ(result.reported().at(name), without.reported().at(name)) << name;
  }
}

/// Without the statistics of BatchNorm, which an evaluation may compute for itself.
std::map<std::string, at::Tensor> trained(std::map<std::string, at::Tensor> weights) {
  std::erase_if(weights, [](const auto& entry) {
    const auto kind = Kind(std::stoi(entry.first.substr(entry.first.rfind('|') + 1)));
    return kind == Kind::RunningMean || kind == Kind::RunningVar;
  });
  return weights;
}

TEST_P(Contract, ChangesWhatIsTrainedUnlessItIsPassive) {
  if (GetParam().family == "optimizer" && !GetParam().wrapper) GTEST_SKIP() << "nothing trains without one";
  const auto on = small.train(with(kMobile)), off = small.train(absent(kMobile));
  if (GetParam().passive) return expect_same_bits(on.weights, off.weights);
  if (GetParam().only_evaluates) return expect_same_bits(trained(on.weights), trained(off.weights));
  bool changed = on.weights.size() != off.weights.size();
  for (const auto& [place, tensor] : on.weights)
    changed = changed || !at::equal(tensor, off.weights.at(place));
  EXPECT_TRUE(changed) << "it is on and trains what would be trained without it";
}

TEST_P(Contract, ActsOnlyInItsWindow) {
  if (!GetParam().no_window.empty()) GTEST_SKIP() << GetParam().no_window;
  auto settings = GetParam().trial;
  {
    SCOPED_TRACE("a window that holds every epoch");
    settings["active"] = {0, 0.99};
    expect_same_run(small.train(with(kMobile)), small.train(with(kMobile, settings)));
  }
  settings["active"] = {0.5, 1};
  const auto second = small.train(with(kMobile, settings)), absent_throughout = small.train(absent(kMobile));
  for (const auto& [name, value] : absent_throughout.epochs.at(0).items())
    EXPECT_EQ(second.epochs.at(0).at(name), value) << name << " of the epoch before the window";
  EXPECT_TRUE(second.invalid.empty()) << second.invalid;
}

TEST_P(Contract, TrainsTheSameWeightsHoweverOftenItIsEvaluated) {
  auto often = with(kMobile), seldom = often;
  seldom["evaluate"]["every"] = 2;
  expect_same_bits(small.train(often).weights, small.train(seldom).weights);
}

TEST_P(Contract, ShiftsNobodyElsesDraws) {
  const auto& entry = GetParam();
  const auto on = watch(small, with(kMobile)),
             off = watch(small, entry.family == "optimizer" ? small.recipe(kMobile) : absent(kMobile));
  if (entry.stage != Stage::Curriculum) {
    EXPECT_EQ(on.ids, off.ids) << "the order of the samples";
    if (entry.family != "augment") {
      EXPECT_EQ(on.images, off.images) << "crops and flips";
    }
  }
  ASSERT_FALSE(off.initial.empty());
  for (const auto& [place, tensor] : off.initial) {
    ASSERT_TRUE(on.initial.count(place)) << place;
    if (is_drawn(tensor)) {
      EXPECT_TRUE(at::equal(on.initial.at(place), tensor)) << place;
    }
  }
}

/// Changes the weights by how many steps it counted, and forgets the count when interrupted.
class Forgetful final : public Ingredient {
 public:
  void after_step(Student& student, const Progress&) override {
    student.weights().trained().mul_(1 - 1e-3 * ++steps_);
  }

 private:
  int steps_ = 0;
};

TEST(ContractTests, NoticeAnIngredientThatForgetsItsState) {
  const SmallTraining small;
  IngredientEntry entry;
  entry.name = "curriculum.forgetful";
  entry.family = "curriculum";
  entry.short_name = "forgetful";
  entry.make = [](const nlohmann::json&) { return std::make_unique<Forgetful>(); };
  auto catalogue = ingredient_catalogue();
  catalogue.push_back(entry);
  auto recipe = small.recipe(kMobile);
  recipe["curriculum"]["forgetful"] = nlohmann::json::object();
  const auto undisturbed = small.train(recipe, {.catalogue = catalogue});
  const auto resumed = small.train(recipe, {.stop_after_steps = 4, .catalogue = catalogue});
  EXPECT_FALSE(at::equal(undisturbed.weights.begin()->second, resumed.weights.begin()->second));
}

INSTANTIATE_TEST_SUITE_P(Ingredients, Contract, ValuesIn(ingredient_catalogue()),
                         [](const auto& one) { return one.param.family + "_" + one.param.short_name; });

}  // namespace
}  // namespace ablate::test
