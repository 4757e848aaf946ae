#include <gtest/gtest.h>

#include "tests/ingredients/small_training.h"

namespace ablate::test {
namespace {

const nlohmann::json kNetwork{{"mobilenetv2", {{"width", 0.1}}}};

/// Which variants were evaluated, and whether each is the reported one.
std::map<std::string, bool> reported_variants(const SmallTraining::Result& result,
                                              const std::string& selected_by) {
  std::map<std::string, bool> reported;
  for (const auto& evaluation : result.evaluations)
    if (evaluation.at("selected_by") == selected_by)
      reported[evaluation.at("variant")] = evaluation.at("reported").get<bool>();
  return reported;
}

TEST(CoreTraining, EvaluatesTheCoreBesideTheWholeWhichIsReported) {
  const SmallTraining small;
  auto recipe = small.recipe(kNetwork);
  recipe["sparsify"]["core"] = nlohmann::json::object();
  const auto alone = small.train(recipe);
  recipe["average"]["ema"] = nlohmann::json::object();
  const auto averaged = small.train(recipe);
  using Reported = std::map<std::string, bool>;
  for (const std::string moment : {"last", "validation"}) {
    EXPECT_EQ(reported_variants(alone, moment), (Reported{{"raw", true}, {"core", false}}));
    EXPECT_EQ(reported_variants(averaged, moment),
              (Reported{{"raw", false}, {"core", false}, {"ema", true}}));
  }
  expect_same_bits(alone.weights, averaged.weights);
}

TEST(CoreTraining, RecordsItsLossAndCountsEveryPass) {
  const SmallTraining small;
  auto recipe = small.recipe(kNetwork);
  recipe["sparsify"]["core"] = nlohmann::json::object();
  const auto once = small.train(recipe);
  EXPECT_EQ(once.counters.at("sparsify.core.passes"), 6) << "two epochs of three steps";
  for (const auto& metrics : once.epochs) EXPECT_GT(metrics.at("train.sparsify.core"), 0);
  recipe["optimizer"]["sam"] = nlohmann::json::object();
  EXPECT_EQ(small.train(recipe).counters.at("sparsify.core.passes"), 12) << "two gradients a step";
}

}  // namespace
}  // namespace ablate::test
