#include "harness/run/selection.h"

#include <gmock/gmock.h>

namespace ablate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Two backbones, the reference and two levels, two seeds; run keys tell which.
Plan small_plan() {
  Plan plan;
  plan.tables = {{.factors = {"distill", "mix"}}};
  for (const std::string backbone : {"A", "B"})
    for (const std::string level : {"", "DKD", "+ Mixup"}) {
      Arm arm{.backbone = backbone, .label = level.empty() ? "reference" : level, .reference = level.empty()};
      if (!level.empty()) arm.levels = {{level == "DKD" ? "distill" : "mix", level}};
      arm.seeds = {1, 2};
      arm.runs = {backbone + arm.label + "1", backbone + arm.label + "2"};
      plan.arms.push_back(arm);
    }
  return plan;
}

std::set<std::string> selected(const std::string& text) {
  const auto plan = small_plan();
  Problems problems;
  const Selection selection(text, plan, problems);
  EXPECT_TRUE(problems.ok()) << problems.text();
  return selection.runs(plan);
}

std::string complaint(const std::string& text) {
  Problems problems;
  Selection(text, small_plan(), problems);
  return problems.text();
}

TEST(Selection, IsEverythingByDefault) {
  EXPECT_EQ(selected("").size(), 12u);
}

TEST(Selection, HoldsForAllTermsOfDifferentNames) {
  EXPECT_THAT(selected("distill=DKD,seed=2"), ElementsAre("ADKD2", "BDKD2"));
  EXPECT_THAT(selected("mix=+ Mixup,backbone=B,seed=1"), ElementsAre("B+ Mixup1"));
}

TEST(Selection, AddsUpTermsOfOneName) {
  EXPECT_EQ(selected("seed=1,seed=2").size(), 12u);
}

TEST(Selection, KnowsTheReference) {
  EXPECT_THAT(selected("reference,seed=1"), ElementsAre("Areference1", "Breference1"));
  EXPECT_EQ(selected("distill=reference").size(), 8u);
}

TEST(Selection, RefusesWhatTheSweepDoesNotHave) {
  EXPECT_THAT(complaint("distil=DKD"), HasSubstr("did you mean 'distill'?"));
  EXPECT_THAT(complaint("distill=DKB"), HasSubstr("did you mean 'DKD'?"));
  EXPECT_THAT(complaint("seed=9"), HasSubstr("no level '9'"));
}

}  // namespace
}  // namespace ablate
