#include "harness/run/lock.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <gtest/gtest.h>

#include "tests/run/program.h"

namespace ablate {
namespace {

/// A process that does nothing until it is killed.
class Sleeper {
 public:
  Sleeper() : pid_(fork()) {
    if (pid_ == 0)
      while (true) pause();
  }
  ~Sleeper() { end(); }
  void end() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    pid_ = -1;
  }
  int pid() const { return pid_; }

 private:
  pid_t pid_;
};

TEST(FolderLock, IsHeldByOneAtATime) {
  const testing_support::Scratch scratch;
  const auto first = FolderLock::try_take(scratch / "");
  ASSERT_TRUE(first);
  EXPECT_FALSE(FolderLock::try_take(scratch / ""));
  EXPECT_TRUE(is_locked(scratch / ""));
}

TEST(FolderLock, IsFreeOnceItsHolderIsGone) {
  const testing_support::Scratch scratch;
  { const auto lock = FolderLock::try_take(scratch / ""); }
  EXPECT_FALSE(is_locked(scratch / ""));
  EXPECT_TRUE(FolderLock::try_take(scratch / ""));
}

TEST(FolderLock, OutlivesTheParentThatHandedItOver) {
  const testing_support::Scratch scratch;
  auto lock = FolderLock::try_take(scratch / "");
  Sleeper child;  // inherits the descriptor
  { const auto gone = std::move(*lock); }
  EXPECT_TRUE(is_locked(scratch / ""));
  child.end();
  EXPECT_FALSE(is_locked(scratch / ""));
}

TEST(FolderLock, SaysWhoHoldsIt) {
  const testing_support::Scratch scratch;
  EXPECT_FALSE(lock_holder(scratch / ""));
  const auto lock = FolderLock::try_take(scratch / "");
  lock->sign();
  const auto holder = lock_holder(scratch / "");
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->process, this_process());
  EXPECT_EQ(holder->parent.pid, getppid());
  EXPECT_EQ(holder->host, host_name());
}

TEST(FolderLock, IsNotLockedWhereNobodyEverWorked) {
  const testing_support::Scratch scratch;
  EXPECT_FALSE(is_locked(scratch / "absent"));
}

TEST(ProcessId, TellsAProcessFromALaterOneOfTheSameNumber) {
  const Sleeper other;
  ProcessId later = this_process();
  EXPECT_TRUE(alive(later));
  ++later.started;
  EXPECT_FALSE(alive(later));
  EXPECT_FALSE(send_signal({other.pid(), 1}, SIGKILL));
  EXPECT_EQ(kill(other.pid(), 0), 0);
}

TEST(ProcessId, CountsAZombieAsGone) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  EXPECT_TRUE(testing_support::eventually([&] {
    siginfo_t facts{};
    return waitid(P_PID, id_t(child), &facts, WEXITED | WNOWAIT) == 0;
  }));
  EXPECT_FALSE(alive({child, this_process().started}));
  waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace ablate
