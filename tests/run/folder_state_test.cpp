#include "harness/run/folder_state.h"

#include <gtest/gtest.h>

#include "harness/core/journal.h"
#include "harness/run/lock.h"
#include "tests/run/program.h"

namespace ablate {
namespace {

using nlohmann::json;

json begin(int attempt, const std::vector<std::string>& runs, const json& resumed_at = nullptr) {
  auto list = json::array();
  for (const auto& run : runs) list.push_back({{"key", run}, {"spec", {{"seed", 1}}}});
  return {
      {"type", "begin"}, {"attempt", attempt}, {"host", "here"}, {"runs", list}, {"resumed_at", resumed_at}};
}

json epoch(int number) {
  return {{"type", "epoch"}, {"epoch", number}};
}

json end(const std::string& state, const std::string& message = "") {
  return {{"type", "end"}, {"state", state}, {"message", message}, {"peak_bytes", 7}};
}

TEST(FolderState, IsPendingWithoutAWord) {
  EXPECT_EQ(state_of({}).state, State::Pending);
}

TEST(FolderState, IsCrashedWhereTheLastAttemptHasNoEnd) {
  const auto found =
      state_of({begin(1, {"a"}), epoch(1), end("interrupted"), begin(2, {"a"}, {{"epoch", 1}})});
  EXPECT_EQ(found.state, State::Crashed);
  EXPECT_EQ(found.attempt, 2);
  EXPECT_EQ(found.epoch, 1);
}

TEST(FolderState, ForgetsEpochsOfAnAttemptThatBeganAnew) {
  EXPECT_EQ(state_of({begin(1, {"a"}), epoch(1), epoch(2), begin(2, {"a", "b"})}).epoch, 0);
}

TEST(FolderState, KeepsHowTheLastAttemptEnded) {
  EXPECT_EQ(state_of({begin(1, {"a"}), end("done")}).state, State::Done);
  EXPECT_EQ(state_of({begin(1, {"a"}), end("interrupted")}).state, State::Interrupted);
  EXPECT_EQ(state_of({begin(1, {"a"}), end("diverged", "loss is nan")}).state, State::Diverged);
  const auto failed = state_of({begin(1, {"a"}), end("failed", "disk full")});
  EXPECT_EQ(failed.state, State::Failed);
  EXPECT_EQ(failed.message, "disk full");
  EXPECT_EQ(failed.peak_bytes, 7);
}

TEST(FolderState, NamesTheRunsOfTheNewestAttemptOnly) {
  const auto found = state_of({begin(1, {"a"}), end("done"), begin(2, {"a", "b"})});
  EXPECT_EQ(found.runs.size(), 2u);
  EXPECT_EQ(found.runs.count("b"), 1u);
}

TEST(FolderState, IsRunningWhileTheLockIsHeldWhateverTheJournalSays) {
  const testing_support::Scratch scratch;
  const Store store(scratch / "");
  std::filesystem::create_directories(store.run("t"));
  { Journal(store.run("t") / "journal.jsonl").append(begin(1, {"a"})); }
  EXPECT_EQ(inspect(store, "t").state, State::Crashed);
  const auto lock = FolderLock::try_take(store.run("t"));
  lock->sign();
  EXPECT_EQ(inspect(store, "t").state, State::Running);
}

TEST(FolderState, IsStaleWhereAnotherHostHasNotBeenHeardOf) {
  const testing_support::Scratch scratch;
  const Store store(scratch / "");
  std::filesystem::create_directories(store.run("t"));
  const auto lock = FolderLock::try_take(store.run("t"));
  write_file(store.run("t") / "other", R"({"host": "far-away", "pid": 1, "started": 1})");
  std::filesystem::copy_file(store.run("t") / "other", store.run("t") / "lock",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(inspect(store, "t").state, State::Running);
  std::filesystem::last_write_time(store.run("t") / "lock",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(inspect(store, "t").state, State::Stale);
}

}  // namespace
}  // namespace ablate
