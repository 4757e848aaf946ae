#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "harness/core/journal.h"
#include "harness/run/exit_status.h"
#include "harness/run/ledger_feed.h"
#include "harness/run/local_workers.h"
#include "harness/run/orphans.h"
#include "harness/run/progress.h"
#include "harness/run/requests.h"
#include "harness/run/schedule.h"
#include "harness/run/store.h"

namespace ablate {

struct CoordinatorOptions {
  int jobs = 0;            // workers at once; 0: one a core, as far as memory goes
  bool fail_fast = false;  // the first failure stops the sweep
  bool smoke = false;      // two steps of each trajectory, stopped and resumed in between
  std::int64_t teacher_cache_bytes = RequestOptions{}.teacher_cache_bytes;
  std::set<State> retry;  // ended trajectories that are tried again
  std::string command;    // for its journal
};

/// Trains what a plan implies with workers of this machine, shares a store with others of its kind by the
/// folders' locks, and keeps the ledger up to date.
class Coordinator {
 public:
  /// `pack_of` tells where a trajectory's data lies. All of them must outlive this object.
  Coordinator(const Store& store, const Plan& plan, const std::set<std::string>& selected,
              std::function<std::filesystem::path(const Trajectory&)> pack_of,
              const CoordinatorOptions& options);

  ExitStatus run();
  const Schedule& schedule() const { return schedule_; }
  /// Workers at once, as far as is known by now.
  std::size_t jobs() const;

 private:
  void take_stock();
  void choose_cores();
  void start_workers();
  void claim(Task& task);
  void launch(Task& task, FolderLock lock);
  void collect();
  void settle(Task& task, const WorkerExit& exit);
  void announce(const Task& task, const WorkerExit& exit);
  void follow();
  void look_elsewhere();
  void block();
  void stop(int signal, const std::string& why);
  void wait();
  bool over() const;
  ExitStatus end();
  ExitStatus verdict() const;
  void catch_up_ledger();
  std::string name_of(const Task& task) const;

  const Store store_;
  const Plan& plan_;
  const std::function<std::filesystem::path(const Trajectory&)> pack_of_;
  const CoordinatorOptions options_;
  const std::int64_t memory_;
  int useful_cores_ = 1;  // for jobs of one thread; measured when the caller does not say how many jobs
  std::map<std::string, std::string> names_;  // run key -> what people call it
  Schedule schedule_;
  Progress progress_;
  LedgerFeed feed_;
  LocalWorkers workers_;
  Orphans orphans_;
  Journal journal_;
  bool stopping_ = false;
  bool interrupted_ = false;  // stopped from outside
  std::chrono::steady_clock::time_point looked_, synced_;
};

}  // namespace ablate
