#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/run/folder_state.h"

namespace ablate {

/// A trajectory as the coordinator sees it.
struct Task {
  const Trajectory* trajectory = nullptr;
  State state = State::Pending;
  std::string message;
  /// What the folder must yield: what this sweep asks for and what it yields already.
  std::map<std::string, nlohmann::json> runs;
  bool restart = false;  // from the beginning: the checkpoint knows nothing of some of the runs
  bool ready = false;    // to be started as soon as its teachers are done
  bool ours = false;     // a worker of this coordinator is at it
  bool tried = false;    // by this coordinator, which does not try again
  int attempt = 0;       // the newest
  std::int64_t threads = 1;
  std::int64_t epoch = 0, epochs = 0;
  std::int64_t peak_bytes = 0;
  std::string because;  // the failed teacher's run key
};

/// What a sweep still needs, in the order in which it is to be trained.
class Schedule {
 public:
  /// `selected`: keys of the runs that are wanted; their teachers are added. `retry`: states that are tried
  /// again although their trajectory has ended.
  Schedule(const Plan& plan, const std::set<std::string>& selected, const std::set<State>& retry);

  /// Looks at a folder anew, for those that no worker of ours is at.
  void refresh(Task& task, const FolderState& found);
  /// Those that may start now, in order: ready, teachers done.
  std::vector<Task*> startable();
  /// Marks what waits for a teacher that will not come; returns the newly blocked.
  std::vector<Task*> block();

  std::vector<Task>& tasks() { return tasks_; }
  const std::vector<Task>& tasks() const { return tasks_; }
  Task* find(const std::string& trajectory);
  int count(State state) const;
  /// All runs of its trajectories, teachers' included.
  int runs() const;
  /// Those that belong to trajectories in this state.
  int runs_in(State state) const;
  /// True while something runs, here or elsewhere, or may start now.
  bool open() const;

 private:
  const Task* task_of(const std::string& run) const;
  bool may_start(const Task& task) const;

  const Plan& plan_;
  std::set<State> retry_;
  std::vector<Task> tasks_;
  std::map<std::string, std::size_t> index_;
};

}  // namespace ablate
