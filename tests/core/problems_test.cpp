#include "harness/core/problems.h"

#include <gmock/gmock.h>

namespace ablate {
namespace {

TEST(Place, ShowsOnlyWhatIsKnown) {
  EXPECT_EQ(to_string({"a.json", 3, 7}), "a.json:3:7");
  EXPECT_EQ(to_string({"a.json", 3, 0}), "a.json:3");
  EXPECT_EQ(to_string({"--set", 0, 0}), "--set");
}

TEST(Problems, AreOrderedByPlaceAndReportedTogether) {
  Problems problems;
  problems.error({"b.json", 1, 1}, "later file");
  problems.error({"a.json", 10, 2}, "second");
  problems.warn({"a.json", 9, 30}, "first");
  problems.error({}, "nowhere");
  EXPECT_EQ(problems.text(),
            "nowhere\n"
            "a.json:9:30: warning: first\n"
            "a.json:10:2: second\n"
            "b.json:1:1: later file\n");
}

TEST(Problems, AreOkayWithWarningsOnly) {
  Problems problems;
  EXPECT_TRUE(problems.ok());
  problems.warn({"a", 1, 1}, "odd");
  EXPECT_TRUE(problems.ok());
  problems.error({"a", 1, 1}, "wrong");
  EXPECT_FALSE(problems.ok());
}

TEST(Problems, CountTheSameMessageAtTheSamePlaceOnce) {
  Problems problems;
  problems.error({"a", 1, 1}, "wrong");
  problems.error({"a", 1, 1}, "wrong");
  problems.error({"a", 1, 2}, "wrong");
  EXPECT_EQ(problems.sorted().size(), 2u);
}

TEST(Nearest, FindsTyposSwapsAndOtherSpellings) {
  const std::vector<std::string> known{"momentum", "weight_decay", "lr", "warmup_epochs"};
  EXPECT_EQ(nearest("momentun", known), "momentum");
  EXPECT_EQ(nearest("rl", known), "lr");
  EXPECT_EQ(nearest("weight-decay", known), "weight_decay");
  EXPECT_EQ(nearest("Momentum", known), "momentum");
  EXPECT_EQ(nearest("warmup", known), "warmup_epochs");
}

TEST(Nearest, SaysNothingRatherThanSomethingFarOff) {
  EXPECT_EQ(nearest("temperature", {"lr", "momentum"}), "");
  EXPECT_EQ(nearest("kd", {"lr"}), "");
  EXPECT_EQ(nearest("x", {"y"}), "");
  EXPECT_EQ(nearest("epochs", {"warmup_epochs", "cooldown_epochs"}), "") << "two could be meant";
  EXPECT_EQ(nearest("anything", {}), "");
}

TEST(Suggestion, IsReadyToBeAppended) {
  EXPECT_EQ(suggestion("mixupp", {"mixup", "cutmix"}), " (did you mean 'mixup'?)");
  EXPECT_EQ(suggestion("zebra", {"mixup", "cutmix"}), "");
}

}  // namespace
}  // namespace ablate
