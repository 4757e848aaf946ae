#include "results/fold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harness/core/problems.h"
#include "results/base64.h"
#include "tests/results/synthetic.h"

namespace ablate {
namespace {

using synthetic::Journal;
using synthetic::Json;

Folded folded(const Journal& journal, bool running = false) {
  return fold_journal(journal.trajectory, journal.lines, running);
}

TEST(Fold, SpreadsWhatTheTrajectorySaysOverItsRuns) {
  Journal journal{"t", {"a", "b"}, {}};
  journal.begin(1).epoch(1, {{"train.loss", 2.0}}, {{"b", {{"validation.ema.top1", 0.5}}}}).end("done");
  const auto result = folded(journal);
  EXPECT_EQ(result.metrics.at({"a", 1, "train.loss"}), 2.0);
  EXPECT_EQ(result.metrics.at({"b", 1, "train.loss"}), 2.0);
  EXPECT_EQ(result.metrics.at({"b", 1, "validation.ema.top1"}), 0.5);
  EXPECT_FALSE(result.metrics.contains({"a", 1, "validation.ema.top1"}));
}

TEST(Fold, TakesTheLastLineOfAnEpochThatTwoAttemptsWrote) {
  Journal journal{"t", {"a"}, {}};
  journal.begin(1)
      .epoch(1, {{"train.loss", 3.0}, {"lr", 0.1}})
      .epoch(2, {{"train.loss", 2.0}})
      .end("interrupted");
  journal.begin(2, {{"epoch", 1}, {"step", 0}}).epoch(2, {{"train.loss", 2.5}}).end("done");
  const auto result = folded(journal);
  EXPECT_EQ(result.metrics.at({"a", 1, "train.loss"}), 3.0);
  EXPECT_EQ(result.metrics.at({"a", 2, "train.loss"}), 2.5);
  EXPECT_EQ(result.metrics.size(), 3u);
  EXPECT_EQ(result.attempts.at(1).state, "interrupted");
  EXPECT_EQ(result.attempts.at(2).state, "done");
  EXPECT_EQ(result.runs.at("a").outcome, "done");
}

TEST(Fold, TellsACrashFromAWorkerThatIsStillAtIt) {
  Journal journal{"t", {"a"}, {}};
  journal.begin(1).epoch(1, {{"train.loss", 3.0}});
  EXPECT_EQ(folded(journal).runs.at("a").outcome, "crashed");
  EXPECT_EQ(folded(journal, true).runs.at("a").outcome, "running");
  journal.begin(2);
  EXPECT_EQ(folded(journal, true).attempts.at(1).state, "crashed");
}

TEST(Fold, LeavesAFinishedRunFinishedWhenTheTrajectoryIsTrainedAgainForAnother) {
  Journal journal{"t", {"a"}, {}};
  journal.begin(1).evaluation("raw", {"a"}, 0.5).end("done");
  journal.runs = {"a", "b"};
  journal.begin(2).end("interrupted");
  const auto result = folded(journal);
  EXPECT_EQ(result.runs.at("a").outcome, "done");
  EXPECT_EQ(result.runs.at("b").outcome, "interrupted");
}

TEST(Fold, ReadsNumbersThatAreNotFinite) {
  Journal journal{"t", {"a"}, {}};
  journal.begin(1)
      .epoch(1, {{"train.loss", "nan"}, {"grad", "-inf"}})
      .end("diverged", "loss is nan at epoch 1, step 17");
  const auto result = folded(journal);
  EXPECT_TRUE(std::isnan(result.metrics.at({"a", 1, "train.loss"})));
  EXPECT_EQ(result.metrics.at({"a", 1, "grad"}), -HUGE_VAL);
  EXPECT_EQ(result.runs.at("a").message, "loss is nan at epoch 1, step 17");
}

TEST(Fold, ReadsTheBitsOfTheExamples) {
  const auto result = folded(synthetic::finished("a", 1, 0.125));
  EXPECT_EQ(result.evaluations.at({"a", 2, "last", "test", "raw"}).correct, std::string("\x01\x80"));
}

TEST(Fold, NamesTheLineThatLacksAField) {
  Journal journal{"t", {"a"}, {}};
  journal.begin(1);
  journal.lines.push_back({{"type", "epoch"}});
  try {
    folded(journal);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("trajectory t: line 2: "));
    EXPECT_THAT(e.what(), testing::HasSubstr("epoch"));
  }
}

TEST(Fold, RefusesAnEvaluationOfARunThatNoBeginLists) {
  Journal journal{"t", {"a"}, {}};
  journal.begin(1).evaluation("raw", {"stranger"}, 0.5);
  EXPECT_THROW(folded(journal), Error);
}

TEST(Fold, PassesOverTypesOfALaterVersion) {
  Journal journal{"t", {"a"}, {}};
  journal.begin(1);
  journal.lines.push_back({{"type", "energy"}, {"joules", 3}});
  EXPECT_NO_THROW(folded(journal));
}

// RFC 4648, section 10.
TEST(Base64, AgreesWithTheStandardsVectors) {
  EXPECT_EQ(from_base64(""), "");
  EXPECT_EQ(from_base64("Zg=="), "f");
  EXPECT_EQ(from_base64("Zm8="), "fo");
  EXPECT_EQ(from_base64("Zm9vYmFy"), "foobar");
  EXPECT_EQ(from_base64("Zm9"), std::nullopt);
  EXPECT_EQ(from_base64("Zm9*"), std::nullopt);
}

}  // namespace
}  // namespace ablate
