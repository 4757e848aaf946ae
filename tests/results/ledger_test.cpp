#include "results/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "results/network_disk.h"
#include "results/sql.h"
#include "results/sqlite.h"
#include "tests/results/ledger_fixture.h"

namespace ablate {
namespace {

using synthetic::Journal;
using synthetic::Json;
using synthetic::LedgerTest;
using synthetic::message_of;
using synthetic::Plan;
using synthetic::small_plan;
using synthetic::value;
using testing::HasSubstr;

TEST_F(LedgerTest, KnowsTheRunsOfASweepBeforeTheyTrain) {
  ledger_->add_sweep(small_plan().json);
  EXPECT_EQ(value(*ledger_, "SELECT count(*) FROM runs WHERE status = 'pending'"), 4);
  EXPECT_EQ(value(*ledger_, "SELECT level FROM levels"), "+ Mixup");
  EXPECT_EQ(
      value(*ledger_, "SELECT value FROM ingredients WHERE run_key = 'mixup-2' AND parameter = 'alpha'"),
      0.2);
  EXPECT_EQ(value(*ledger_, "SELECT group_concat(arm || ' ' || level, '; ') FROM v_levels"),
            "reference reference; mix=+ Mixup + Mixup");
}

TEST_F(LedgerTest, YieldsARowForEachRunAndVariant) {
  ledger_->add_sweep(small_plan().json);
  fold(synthetic::finished("ref-1", 1, 0.75).evaluation("fused", {"ref-1"}, 0.75, false));
  const auto rows =
      ledger_->query("SELECT arm, seed, variant, reported, top1 FROM v_results ORDER BY variant").rows;
  EXPECT_EQ(rows, (std::vector<std::vector<Json>>{{"reference", 1, "fused", 0, 0.75},
                                                  {"reference", 1, "raw", 1, 0.75}}));
}

TEST_F(LedgerTest, GivesTheSameWhetherAJournalIsFoldedOnceOrAsItGrows) {
  const auto journal = [] {
    Journal j{"t", {"a", "b"}, {}};
    j.begin(1).facts().epoch(1, {{"train.loss", 3.0}}).epoch(2, {{"train.loss", "nan"}}).end("interrupted");
    j.begin(2).facts().epoch(2, {{"train.loss", 2.5}}, {{"b", {{"validation.ema.top1", 0.5}}}});
    j.evaluation("raw", {"a"}, 0.5).evaluation("ema", {"b"}, 0.625);
    return j.counters({{"mix.mixup.batches", 20}}, Json::object(), {{"b", "average.ema did nothing"}})
        .end("done");
  }();
  for (std::size_t lines = 1; lines <= journal.lines.size(); ++lines)
    ledger_->fold("t", {journal.lines.begin(), journal.lines.begin() + lines}, true);
  fold(journal);
  const auto fresh = Ledger::open(folder_ / "fresh.db", Ledger::Mode::Write);
  fresh->fold("t", journal.lines);
  EXPECT_EQ(ledger_->dump(), fresh->dump());
  EXPECT_THAT(fresh->dump(), HasSubstr("average.ema did nothing"));
}

TEST_F(LedgerTest, DoesNotMindTheOrderOfItsSources) {
  Plan plan = small_plan(), other("other");
  other.table("", {"mix"})
      .arm("Net", "reference", Json::object(), {{"train", {{"epochs", 2}}}}, "ref", {1, 2, 3});
  const std::vector<Json> coordinator{{{"type", "exit"},
                                       {"trajectory", "ref-2"},
                                       {"attempt", 1},
                                       {"status", 1},
                                       {"stderr", "no"},
                                       {"time", "1"}}};
  fold(synthetic::finished("mixup-1", 1, 0.5));
  ledger_->fold_coordinator(coordinator);
  ledger_->add_sweep(other.json);
  ledger_->add_sweep(plan.json);

  const auto second = Ledger::open(folder_ / "second.db", Ledger::Mode::Write);
  second->add_sweep(plan.json);
  second->add_sweep(plan.json);
  second->add_sweep(other.json);
  second->fold("mixup-1", synthetic::finished("mixup-1", 1, 0.5).lines);
  second->fold_coordinator(coordinator);
  EXPECT_EQ(ledger_->dump(), second->dump());
  EXPECT_EQ(ledger_->digest(), second->digest());
}

TEST_F(LedgerTest, TellsHowRunsEnded) {
  ledger_->add_sweep(small_plan().json);
  fold(Journal{"ref-1", {"ref-1"}, {}}.begin(1).end("diverged", "loss is nan at epoch 1, step 3"));
  fold(Journal{"ref-2", {"ref-2"}, {}}.begin(1).end("interrupted"));
  fold(Journal{"mixup-1", {"mixup-1"}, {}}.begin(1));
  EXPECT_EQ(status("ref-1"), "diverged");
  EXPECT_EQ(status("ref-2"), "interrupted");
  EXPECT_EQ(status("mixup-1"), "crashed");
  EXPECT_EQ(status("mixup-2"), "pending");
}

TEST_F(LedgerTest, CountsAWorkerThatNeverStartedAsFailed) {
  ledger_->add_sweep(small_plan().json);
  ledger_->fold_coordinator(
      {{{"type", "begin"}, {"time", "1"}},
       {{"type", "exit"},
        {"trajectory", "ref-1"},
        {"attempt", 1},
        {"status", 127},
        {"time", "2"},
        {"stderr", "no such program"}},
       {{"type", "exit"}, {"trajectory", "ref-2"}, {"attempt", 1}, {"signal", 9}, {"time", "2"}},
       {{"type", "blocked"}, {"trajectory", "mixup-1"}, {"because", "teacher"}, {"time", "3"}}});
  fold(Journal{"ref-2", {"ref-2"}, {}}.begin(1));
  EXPECT_EQ(status("ref-1"), "failed");
  EXPECT_EQ(status("ref-2"), "crashed");
  EXPECT_EQ(status("mixup-1"), "blocked");
  EXPECT_EQ(value(*ledger_, "SELECT stderr FROM v_failures WHERE trajectory = 'ref-1'"), "no such program");
  EXPECT_EQ(value(*ledger_, "SELECT signal FROM attempts WHERE trajectory = 'ref-2'"), 9);
}

TEST_F(LedgerTest, DoesNotBlameAWorkerThatWasToldToStop) {
  ledger_->add_sweep(small_plan().json);
  ledger_->fold_coordinator(
      {{{"type", "exit"}, {"trajectory", "ref-1"}, {"attempt", 1}, {"signal", 15}, {"time", "1"}},
       {{"type", "exit"}, {"trajectory", "ref-2"}, {"attempt", 1}, {"signal", 11}, {"time", "1"}}});
  EXPECT_EQ(status("ref-1"), "pending");
  EXPECT_EQ(status("ref-2"), "crashed");
}

TEST_F(LedgerTest, ForgetsAFailureOnceTheRunIsDone) {
  ledger_->add_sweep(small_plan().json);
  ledger_->fold_coordinator(
      {{{"type", "exit"}, {"trajectory", "ref-1"}, {"attempt", 1}, {"status", 127}, {"time", "2"}}});
  fold(synthetic::finished("ref-1", 1, 0.5));
  EXPECT_EQ(status("ref-1"), "done");
}

TEST_F(LedgerTest, KeepsWhatIsNotFiniteAsAFlag) {
  fold(Journal{"t", {"t"}, {}}.begin(1).epoch(1, {{"train.loss", "inf"}}).end("diverged", "loss is inf"));
  const auto row = ledger_->query("SELECT value, not_finite FROM metrics").rows.at(0);
  EXPECT_EQ(row, (std::vector<Json>{nullptr, "inf"}));
}

TEST_F(LedgerTest, KnowsWhichSweepOfANameIsTheNewest) {
  auto plan = small_plan();
  ledger_->add_sweep(plan.json);
  plan.json["digest"] = "later";
  ledger_->add_sweep(plan.json);
  EXPECT_EQ(value(*ledger_, "SELECT digest FROM sweeps WHERE newest"), "later");
  EXPECT_EQ(value(*ledger_, "SELECT count(*) FROM sweeps"), 2);
}

TEST_F(LedgerTest, LeavesNothingBehindWhenAPlanIsBroken) {
  auto plan = small_plan();
  plan.json["arms"][1].erase("levels");
  EXPECT_THAT(message_of([&] { ledger_->add_sweep(plan.json); }), HasSubstr("sweep small"));
  EXPECT_EQ(value(*ledger_, "SELECT count(*) FROM sweeps"), 0);
  EXPECT_EQ(value(*ledger_, "SELECT count(*) FROM runs"), 0);
}

TEST_F(LedgerTest, HasOneWriter) {
  EXPECT_THROW(Ledger::open(folder_ / "ledger.db", Ledger::Mode::Write), LedgerUnavailable);
  EXPECT_NO_THROW(Ledger::open(folder_ / "ledger.db", Ledger::Mode::Read));
  ledger_.reset();
  EXPECT_NO_THROW(Ledger::open(folder_ / "ledger.db", Ledger::Mode::Write));
}

TEST_F(LedgerTest, RefusesToWriteWhenOpenForReading) {
  const auto reader = Ledger::open(folder_ / "ledger.db", Ledger::Mode::Read);
  EXPECT_THROW(reader->add_sweep(small_plan().json), Error);
}

TEST_F(LedgerTest, NamesTheLineOfACoordinatorThatLacksAField) {
  EXPECT_THAT(message_of([&] {
                ledger_->fold_coordinator({{{"type", "begin"}}, {{"type", "exit"}}});
              }),
              HasSubstr("line 2"));
}

TEST_F(LedgerTest, HasNoStatementThatSqliteDoesNotUnderstand) {
  sqlite::Database database(folder_ / "ledger.db", sqlite::Access::Read);
  EXPECT_GT(sql::names().size(), 30u);
  for (const auto name : sql::names()) EXPECT_NO_THROW(database.prepared(sql::statement(name))) << name;
}

TEST(Ledger, SaysWhatToDoAboutADamagedFile) {
  const synthetic::TemporaryFolder folder;
  Ledger::open(folder / "ledger.db", Ledger::Mode::Write)->add_sweep(small_plan().json);
  {
    std::fstream file(folder / "ledger.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(0);
    file << std::string(4096, 'x');
  }
  for (const auto mode : {Ledger::Mode::Write, Ledger::Mode::Read}) {
    try {
      Ledger::open(folder / "ledger.db", mode);
      FAIL();
    } catch (const LedgerUnavailable& e) {
      EXPECT_THAT(e.what(), HasSubstr("ablate doctor"));
    }
  }
}

TEST(Ledger, RefusesAnotherProgramsDatabase) {
  const synthetic::TemporaryFolder folder;
  Ledger::open(folder / "ledger.db", Ledger::Mode::Write);
  {
    std::fstream file(folder / "ledger.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(68);  // the application id, in the file format's header
    file << "none";
  }
  EXPECT_THROW(Ledger::open(folder / "ledger.db", Ledger::Mode::Write), LedgerUnavailable);
}

TEST(Ledger, RefusesTheSchemaOfALaterVersion) {
  const synthetic::TemporaryFolder folder;
  Ledger::open(folder / "ledger.db", Ledger::Mode::Write);
  {
    std::fstream file(folder / "ledger.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60);  // the user version
    file << std::string("\0\0\0\x63", 4);
  }
  EXPECT_THROW(Ledger::open(folder / "ledger.db", Ledger::Mode::Read), LedgerUnavailable);
}

TEST(Ledger, SaysThatThereIsNoneToRead) {
  const synthetic::TemporaryFolder folder;
  EXPECT_THAT(message_of([&] { Ledger::open(folder / "ledger.db", Ledger::Mode::Read); }),
              HasSubstr("ablate run"));
  EXPECT_FALSE(std::filesystem::exists(folder / "ledger.db"));
}

// statfs(2) lists these numbers.
TEST(NetworkDisk, IsKnownByItsMagicNumber) {
  EXPECT_EQ(network_disk_name(0x6969), "NFS");
  EXPECT_EQ(network_disk_name(0x0bd00bd0), "Lustre");
  EXPECT_EQ(network_disk_name(0xff534d42), "CIFS");
  EXPECT_EQ(network_disk_name(0xffffffffff534d42), "CIFS");  // sign-extended
  EXPECT_EQ(network_disk_name(0xef53), "");                  // ext4
}

}  // namespace
}  // namespace ablate
