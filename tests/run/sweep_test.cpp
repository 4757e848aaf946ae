#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include <gmock/gmock.h>

#include "harness/run/lock.h"
#include "tests/run/sweeps.h"

namespace ablate::testing_support {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Leaves a process behind that holds a folder like a worker whose coordinator is gone.
void hold_as_orphan(const std::filesystem::path& folder, std::chrono::seconds duration) {
  const pid_t coordinator = fork();
  if (coordinator == 0) {
    int signed_off[2];
    if (pipe(signed_off) != 0) _exit(1);
    if (fork() == 0) {
      const auto lock = FolderLock::try_take(folder);
      lock->sign();
      (void)!write(signed_off[1], "x", 1);
      std::this_thread::sleep_for(duration);
      _exit(0);
    }
    char ready = 0;
    (void)!read(signed_off[0], &ready, 1);
    _exit(0);
  }
  waitpid(coordinator, nullptr, 0);
}

/// The tiny sweep and a store in which nothing disturbed it, made once.
class Sweep : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = new Scratch;
    sweep_ = scratch_->file("tiny.json", tiny_sweep());
    first_ = new Finished(run_ablate({"run", sweep_, "--store", undisturbed().string(), "--jobs", "2"}));
  }
  static void TearDownTestSuite() {
    delete first_;
    delete scratch_;
  }

  static std::filesystem::path undisturbed() { return *scratch_ / "undisturbed"; }
  static std::filesystem::path store(const std::string& name) { return *scratch_ / name; }
  static std::vector<std::string> command(const std::string& name) {
    return {"run", sweep_, "--store", store(name).string(), "--jobs", "2"};
  }
  /// Runs again in a store, which must then hold what an undisturbed one holds.
  static void expect_repaired(const std::string& name) {
    const auto again = run_ablate(command(name));
    EXPECT_EQ(again.status, 0) << again.err;
    EXPECT_EQ(dump_of(store(name)), dump_of(undisturbed()));
  }
  /// A worker in the middle of its training.
  static int await_worker(const std::string& name) {
    int pid = 0;
    EXPECT_TRUE(eventually([&] { return (pid = busy_worker(store(name))) != 0; }));
    return pid;
  }
  static bool nobody_works(const std::string& name) {
    for (const auto& folder : run_folders(store(name)))
      if (is_locked(folder)) return false;
    return true;
  }

  static inline Scratch* scratch_ = nullptr;
  static inline Finished* first_ = nullptr;
  static inline std::string sweep_;
};

TEST_F(Sweep, TrainsRunsThatDifferOnlyInPassiveIngredientsTogether) {
  EXPECT_EQ(first_->status, 0) << first_->err;
  EXPECT_EQ(first_->out, "");
  EXPECT_EQ(run_folders(undisturbed()).size(), 4u);
  EXPECT_THAT(first_->err, HasSubstr("6 done of 6 runs"));
}

TEST_F(Sweep, TrainsNothingWhenAllIsDone) {
  const auto before = journals(undisturbed());
  const auto again = run_ablate({"run", sweep_, "--store", undisturbed().string()});
  EXPECT_EQ(again.status, 0);
  EXPECT_THAT(again.err, HasSubstr("nothing to train: all 6 runs are there"));
  EXPECT_EQ(journals(undisturbed()), before);
}

TEST_F(Sweep, SurvivesTheKillingOfAWorker) {
  Program coordinator(command("worker"));
  kill(await_worker("worker"), SIGKILL);
  const auto first = coordinator.wait();
  EXPECT_EQ(first.status, 4) << first.err;
  EXPECT_THAT(first.err, HasSubstr("ended by signal 9"));
  EXPECT_THAT(run_ablate({"status", "--store", store("worker").string()}).out, HasSubstr("crashed"));
  expect_repaired("worker");
}

TEST_F(Sweep, SurvivesTheKillingOfTheCoordinator) {
  Program coordinator(command("coordinator"));
  await_worker("coordinator");
  coordinator.signal(SIGKILL);
  coordinator.wait();
  EXPECT_TRUE(eventually([] { return nobody_works("coordinator"); })) << "workers outlive their coordinator";
  EXPECT_THAT(journals(store("coordinator")), HasSubstr(R"("state":"interrupted")"));
  expect_repaired("coordinator");
}

TEST_F(Sweep, SurvivesTheKillingOfBoth) {
  Program coordinator(command("both"));
  const int worker = await_worker("both");
  coordinator.signal(SIGKILL);
  kill(worker, SIGKILL);
  coordinator.wait();
  expect_repaired("both");
}

TEST_F(Sweep, WaitsForAWorkerThatOutlivesItsCoordinator) {
  const auto folder = store("orphan") / "runs" / run_folders(undisturbed()).front().filename();
  std::filesystem::create_directories(folder);
  hold_as_orphan(folder, std::chrono::seconds(3));
  const auto end = run_ablate(command("orphan"));
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_THAT(end.err, HasSubstr("outlived its coordinator"));
  EXPECT_EQ(dump_of(store("orphan")), dump_of(undisturbed()));
}

TEST_F(Sweep, StopsWithACheckpointWhenInterrupted) {
  Program coordinator(command("interrupted"));
  await_worker("interrupted");
  coordinator.signal(SIGINT);
  const auto end = coordinator.wait();
  EXPECT_EQ(end.status, 5) << end.err;
  EXPECT_TRUE(nobody_works("interrupted"));
  EXPECT_THAT(journals(store("interrupted")), HasSubstr(R"("state":"interrupted")"));
  expect_repaired("interrupted");
  EXPECT_THAT(journals(store("interrupted")), HasSubstr(R"("resumed_at":{)"));
}

TEST_F(Sweep, IsSharedByTwoCoordinators) {
  Program one({"run", sweep_, "--store", store("shared").string(), "--jobs", "1"});
  Program two({"run", sweep_, "--store", store("shared").string(), "--jobs", "1"});
  const auto first = one.wait(), second = two.wait();
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(occurrences(journals(store("shared")), R"("type":"begin")"), 4) << "something was trained twice";
  EXPECT_EQ(dump_of(store("shared")), dump_of(undisturbed()));
}

TEST_F(Sweep, HasTheSameKeysAndResultsInAnotherPlace) {
  const auto moved = store("elsewhere");
  std::filesystem::copy(undisturbed(), moved, std::filesystem::copy_options::recursive);
  const auto again = run_ablate({"run", sweep_, "--store", moved.string()});
  EXPECT_THAT(again.err, HasSubstr("nothing to train"));
  EXPECT_EQ(dump_of(moved), dump_of(undisturbed()));
}

}  // namespace
}  // namespace ablate::testing_support
