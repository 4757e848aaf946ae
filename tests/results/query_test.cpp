#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/results/ledger_fixture.h"

namespace ablate {
namespace {

using synthetic::Json;
using synthetic::LedgerTest;
using synthetic::message_of;
using synthetic::value;
using testing::HasSubstr;

TEST_F(LedgerTest, AnswersQueriesWithParametersAndBlobs) {
  fold(synthetic::finished("a", 1, 0.5));
  EXPECT_EQ(ledger_->query("SELECT ?1 + 1, ?2, typeof(?3)", {1, "x", nullptr}).rows.at(0),
            (std::vector<Json>{2, "x", "null"}));
  EXPECT_EQ(value(*ledger_, "SELECT correct FROM evaluations"), Json::binary({0x01, 0x80}));
  EXPECT_EQ(ledger_->query("SELECT 1 AS one, 2 AS two").columns, (std::vector<std::string>{"one", "two"}));
  EXPECT_THAT(message_of([&] { ledger_->query("SELECT ?1"); }), HasSubstr("1 parameters"));
}

TEST_F(LedgerTest, ReadsOneMomentWhileASnapshotLives) {
  const auto reader = Ledger::open(folder_ / "ledger.db", Ledger::Mode::Read);
  const auto runs = [&] { return value(*reader, "SELECT count(*) FROM runs"); };
  {
    const auto one_moment = reader->snapshot();
    fold(synthetic::finished("a", 1, 0.5));
    EXPECT_EQ(runs(), 0);
  }
  EXPECT_EQ(runs(), 1);
}

TEST_F(LedgerTest, LetsQueriesDescribeTables) {
  EXPECT_EQ(value(*ledger_, "SELECT count(*) FROM pragma_table_info('runs')"), 9);
  EXPECT_GT(ledger_->query("PRAGMA table_info(v_results)").rows.size(), 10u);
  EXPECT_EQ(value(*ledger_, "PRAGMA user_version"), 2);
  EXPECT_EQ(value(*ledger_,
                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) "
                  "SELECT sum(i) FROM n"),
            15);
}

class QueryRefuses : public LedgerTest, public testing::WithParamInterface<const char*> {};

TEST_P(QueryRefuses, WhateverDoesMoreThanRead) {
  const auto before = ledger_->dump();
  EXPECT_NE(message_of([&] { ledger_->query(GetParam()); }), "") << GetParam();
  EXPECT_EQ(ledger_->dump(), before);
}

INSTANTIATE_TEST_SUITE_P(Ledger, QueryRefuses,
                         testing::Values("INSERT INTO blocks VALUES ('a', 'b', 'c')",
                                         "UPDATE runs SET status = 'done'", "DELETE FROM runs",
                                         "DROP TABLE runs", "CREATE TEMP TABLE t (x)",
                                         "ATTACH '/tmp/x.db' AS x", "DETACH main", "PRAGMA user_version = 7",
                                         "PRAGMA journal_mode = DELETE", "PRAGMA writable_schema = 1",
                                         "SELECT load_extension('x')", "VACUUM INTO '/tmp/x.db'", "BEGIN",
                                         "SELECT 1; DROP TABLE runs", "SELECT 1; SELECT 2", "", "-- nothing",
                                         "SELEC 1", "REINDEX", "ANALYZE", "SAVEPOINT s"));

TEST_F(LedgerTest, SaysWhatSqliteSays) {
  EXPECT_THAT(message_of([&] { ledger_->query("SELECT colour FROM runs"); }),
              HasSubstr("no such column: colour"));
  EXPECT_THAT(message_of([&] { ledger_->query("DELETE FROM runs"); }), HasSubstr("only read"));
}

TEST_F(LedgerTest, CanBeInterruptedInAQuery) {
  std::atomic<bool> done = false;
  std::thread impatient([&] {
    while (!done) {
      ledger_->interrupt();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  const auto message = message_of([&] {
    ledger_->query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n");
  });
  done = true;
  impatient.join();
  EXPECT_THAT(message, HasSubstr("interrupted"));
}

}  // namespace
}  // namespace ablate
