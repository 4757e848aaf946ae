#include "results/rebuild.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>

#include "tests/results/synthetic.h"

namespace ablate {
namespace {

using synthetic::Journal;
using synthetic::Json;
using synthetic::Plan;
using synthetic::value;

/// A store with a finished run, one that a crash tore in the middle of a line, and one that never started.
class RebuildTest : public testing::Test {
 protected:
  RebuildTest() {
    plan_.table("", {"mix"})
        .arm("Net", "reference", Json::object(), {{"train", {{"epochs", 2}}}}, "ref", {1, 2, 3});
    synthetic::write_lines(folder_ / "sweeps/small/d.json", {plan_.json});
    synthetic::write_lines(folder_ / "runs/ref-1/journal.jsonl", done_.lines);
    synthetic::write_lines(folder_ / "runs/ref-2/journal.jsonl", torn_.lines);
    std::ofstream(folder_ / "runs/ref-2/journal.jsonl", std::ios::app) << R"({"type": "epoch", "epo)";
    synthetic::write_lines(folder_ / "coordinators/c.jsonl", coordinator_);
  }

  synthetic::TemporaryFolder folder_;
  Plan plan_{"small"};
  Journal done_ = synthetic::finished("ref-1", 1, 0.5);
  Journal torn_ = Journal{"ref-2", {"ref-2"}, {}}.begin(1).epoch(1, {{"train.loss", 1.0}});
  std::vector<Json> coordinator_{
      {{"type", "begin"}, {"time", "2024-05-01T10:00:00Z"}, {"sweep", "small"}, {"digest", "d"}},
      {{"type", "exit"},
       {"trajectory", "ref-3"},
       {"attempt", 1},
       {"status", 1},
       {"time", "2024-05-01T10:00:01Z"}}};
};

TEST_F(RebuildTest, GivesWhatFoldingOneByOneGives) {
  EXPECT_THAT(rebuild_ledger(folder_.path(), folder_ / "ledger.db"), testing::IsEmpty());
  const auto rebuilt = Ledger::open(folder_ / "ledger.db", Ledger::Mode::Read);
  const auto folded = Ledger::open(folder_ / "other.db", Ledger::Mode::Write);
  folded->add_sweep(plan_.json);
  folded->fold_coordinator(coordinator_);
  folded->fold("ref-2", torn_.lines);
  folded->fold("ref-1", done_.lines);
  EXPECT_EQ(rebuilt->dump(), folded->dump());
  EXPECT_EQ(value(*rebuilt, "SELECT group_concat(status) FROM (SELECT status FROM runs ORDER BY key)"),
            "done,crashed,failed");
}

TEST_F(RebuildTest, ReplacesADamagedLedger) {
  std::ofstream(folder_ / "ledger.db") << std::string(5000, 'x');
  rebuild_ledger(folder_.path(), folder_ / "ledger.db");
  const auto ledger = Ledger::open(folder_ / "ledger.db", Ledger::Mode::Write);
  EXPECT_EQ(value(*ledger, "SELECT count(*) FROM runs"), 3);
}

TEST_F(RebuildTest, NamesAFileItCannotReadAndGoesOn) {
  std::ofstream(folder_ / "sweeps/small/broken.json") << "{";
  const auto problems = rebuild_ledger(folder_.path(), folder_ / "ledger.db");
  EXPECT_THAT(problems, testing::ElementsAre(testing::HasSubstr("broken.json")));
  const auto ledger = Ledger::open(folder_ / "ledger.db", Ledger::Mode::Read);
  EXPECT_EQ(value(*ledger, "SELECT count(*) FROM metrics"), 3);
}

TEST_F(RebuildTest, WaitsForNoOtherWriter) {
  const auto writer = Ledger::open(folder_ / "ledger.db", Ledger::Mode::Write);
  EXPECT_THROW(rebuild_ledger(folder_.path(), folder_ / "ledger.db"), LedgerUnavailable);
}

TEST_F(RebuildTest, SeesThatAWorkerHoldsItsFolder) {
  const auto path = folder_ / "runs/ref-2/lock";
  const int worker = open(path.c_str(), O_RDWR | O_CREAT, 0666);
  ASSERT_EQ(flock(worker, LOCK_EX), 0);
  rebuild_ledger(folder_.path(), folder_ / "ledger.db");
  close(worker);
  const auto ledger = Ledger::open(folder_ / "ledger.db", Ledger::Mode::Read);
  EXPECT_EQ(value(*ledger, "SELECT status FROM runs WHERE key = 'ref-2'"), "running");
}

TEST_F(RebuildTest, TakesTheSweepUsedLastForTheNewest) {
  auto later = plan_.json;
  later["digest"] = "e";
  synthetic::write_lines(folder_ / "sweeps/small/e.json", {later});
  coordinator_.push_back(
      {{"type", "begin"}, {"time", "2024-05-02T10:00:00Z"}, {"sweep", "small"}, {"digest", "d"}});
  synthetic::write_lines(folder_ / "coordinators/c.jsonl", coordinator_);
  rebuild_ledger(folder_.path(), folder_ / "ledger.db");
  const auto ledger = Ledger::open(folder_ / "ledger.db", Ledger::Mode::Read);
  EXPECT_EQ(value(*ledger, "SELECT digest FROM sweeps WHERE newest"), "small#");
}

}  // namespace
}  // namespace ablate
