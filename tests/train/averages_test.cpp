#include <gtest/gtest.h>

#include <algorithm>

#include "tests/train/support.h"

namespace ablate::test {
namespace {

nlohmann::json ema(double decay) {
  return {{"ema", {{"decay", decay}, {"warmup", "none"}}}};
}

/// The one evaluation of that variant and run at that moment.
nlohmann::json evaluation(const std::filesystem::path& folder, const std::string& variant,
                          const std::string& run, const std::string& selected_by = "last") {
  nlohmann::json found;
  for (const auto& line : lines_of(folder, "evaluation")) {
    const auto runs = line.at("runs").get<std::vector<std::string>>();
    if (line.at("variant") != variant || line.at("selected_by") != selected_by ||
        !std::count(runs.begin(), runs.end(), run))
      continue;
    EXPECT_TRUE(found.is_null()) << "two lines of " << variant;
    found = line;
    found.erase("runs");
  }
  return found;
}

TEST(Averages, NeverChangeTheRawBits) {
  const Workshop shop;
  const auto plain = shop.request(shop.recipe());
  train_in(shop.folder("plain"), plain);
  auto three = plain;
  for (const double decay : {0.5, 0.9, 0.99}) shop.add_run(three, ema(decay));
  train_in(shop.folder("three"), three);
  const auto before = lines_of(shop.folder("plain"), "epoch"),
             after = lines_of(shop.folder("three"), "epoch");
  for (std::size_t e = 0; e < 2; ++e) EXPECT_EQ(before.at(e).at("metrics"), after.at(e).at("metrics"));
  const auto& run = plain.runs[0].key;
  EXPECT_EQ(evaluation(shop.folder("plain"), "raw", run), evaluation(shop.folder("three"), "raw", run));
}

TEST(Averages, AndRawWeightsAreEvaluatedOverMirrorImagesTooWhenAsked) {
  const Workshop shop;
  auto recipe = shop.recipe();
  const auto plain = shop.request(recipe, ema(0.5));
  recipe["evaluate"]["flip"] = true;
  const auto flipped = shop.request(recipe, ema(0.5));
  train_in(shop.folder("plain"), plain);
  train_in(shop.folder("flipped"), flipped);
  for (const std::string variant : {"raw", "ema"}) {
    const auto once = evaluation(shop.folder("plain"), variant, plain.runs[0].key);
    EXPECT_EQ(evaluation(shop.folder("flipped"), variant, flipped.runs[0].key), once);
    const auto both = evaluation(shop.folder("flipped"), variant + "_flip", flipped.runs[0].key);
    ASSERT_FALSE(both.is_null());
    EXPECT_FALSE(both.at("reported"));
    EXPECT_NE(both.at("loss"), once.at("loss"));
    EXPECT_TRUE(evaluation(shop.folder("plain"), variant + "_flip", plain.runs[0].key).is_null());
  }
}

TEST(Averages, SideBySideGiveWhatEachGivesAlone) {
  const Workshop shop;
  auto both = shop.request(shop.recipe(), ema(0.5));
  shop.add_run(both, ema(0.9));
  train_in(shop.folder("both"), both);
  const double decays[] = {0.5, 0.9};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto alone = shop.request(shop.recipe(), ema(decays[i]));
    const auto folder = shop.folder("alone " + std::to_string(i));
    train_in(folder, alone);
    const auto& run = both.runs[i].key;
    ASSERT_EQ(run, alone.runs[0].key);
    for (const auto* moment : {"last", "validation"})
      EXPECT_EQ(evaluation(shop.folder("both"), "ema", run, moment), evaluation(folder, "ema", run, moment))
          << moment;
    EXPECT_EQ(lines_of(shop.folder("both"), "epoch").back().at("run_metrics").at(run),
              lines_of(folder, "epoch").back().at("run_metrics").at(run));
  }
  EXPECT_NE(evaluation(shop.folder("both"), "ema", both.runs[0].key),
            evaluation(shop.folder("both"), "ema", both.runs[1].key));
}

TEST(Averages, AreTheReportedFormOfTheirRuns) {
  const Workshop shop;
  auto request = shop.request(shop.recipe());
  shop.add_run(request, ema(0.9));
  const auto folder = shop.folder("two");
  train_in(folder, request);
  EXPECT_TRUE(evaluation(folder, "raw", request.runs[0].key).at("reported"));
  EXPECT_TRUE(evaluation(folder, "ema", request.runs[0].key).is_null());
  EXPECT_FALSE(evaluation(folder, "raw", request.runs[1].key).at("reported"));
  EXPECT_TRUE(evaluation(folder, "ema", request.runs[1].key).at("reported"));
  for (const auto& line : lines_of(folder, "weights"))
    EXPECT_TRUE(std::filesystem::exists(folder / line.at("file").get<std::string>()));
}

TEST(Averages, ARunAskedForLaterTrainsAgainWithTheSameRawResult) {
  const Workshop shop;
  auto request = shop.request(shop.recipe());
  const auto folder = shop.folder("grown");
  train_in(folder, request);
  const auto first = lines_of(folder, "epoch");
  train_in(folder, request);  // done already
  EXPECT_EQ(lines_of(folder, "begin").size(), 1u);
  shop.add_run(request, ema(0.9));
  EXPECT_EQ(train_in(folder, request).state, Outcome::State::Done);
  const auto epochs = lines_of(folder, "epoch");
  ASSERT_EQ(epochs.size(), 4u);
  for (std::size_t e = 0; e < 2; ++e) EXPECT_EQ(first.at(e).at("metrics"), epochs.at(e + 2).at("metrics"));
  EXPECT_EQ(lines_of(folder, "begin").back().at("attempt"), 2);
  EXPECT_FALSE(evaluation(folder, "ema", request.runs[1].key).is_null());
}

TEST(Averages, TheSelectedEpochIsTheFirstBestOnTheValidationSplit) {
  const Workshop shop;
  auto recipe = shop.recipe();
  recipe["train"]["epochs"] = 4;
  const auto request = shop.request(recipe);
  const auto folder = shop.folder("four");
  train_in(folder, request);
  std::vector<double> top1;
  for (const auto& line : lines_of(folder, "epoch"))
    top1.push_back(line.at("metrics").at("validation.raw.top1"));
  const auto best = std::max_element(top1.begin(), top1.end()) - top1.begin() + 1;  // the first of equal ones
  EXPECT_EQ(evaluation(folder, "raw", request.runs[0].key, "validation").at("epoch"), best);
  EXPECT_EQ(evaluation(folder, "raw", request.runs[0].key).at("epoch"), 4);
}

}  // namespace
}  // namespace ablate::test
