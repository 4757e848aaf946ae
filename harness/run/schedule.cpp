#include "harness/run/schedule.h"

#include <algorithm>

#include "ingredients/recipe.h"

namespace ablate {
namespace {

/// The trajectories of the wanted runs and of all the teachers these need.
std::set<std::string> wanted_trajectories(const Plan& plan, const std::set<std::string>& selected) {
  std::set<std::string> wanted;
  std::vector<std::string> runs(selected.begin(), selected.end());
  while (!runs.empty()) {
    const auto& key = plan.runs.at(runs.back()).trajectory;
    runs.pop_back();
    if (!wanted.insert(key).second) continue;
    const auto& teachers = plan.trajectory(key)->teachers;
    runs.insert(runs.end(), teachers.begin(), teachers.end());
  }
  return wanted;
}

TrainSettings train_settings(const Trajectory& trajectory) {
  return train_fields().read(trajectory.spec.at("recipe").value("train", nlohmann::json::object()));
}

bool covers(const std::map<std::string, nlohmann::json>& has, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& key) { return has.count(key) > 0; });
}

/// States in which a teacher's weights will not come any more.
bool is_lost(State state) {
  return state == State::Failed || state == State::Diverged || state == State::Blocked ||
         state == State::Crashed;
}

}  // namespace

Schedule::Schedule(const Plan& plan, const std::set<std::string>& selected, const std::set<State>& retry)
    : plan_(plan), retry_(retry) {
  const auto wanted = wanted_trajectories(plan, selected);
  for (const auto& trajectory : plan.trajectories) {
    if (wanted.count(trajectory.key) == 0) continue;
    Task task;
    task.trajectory = &trajectory;
    task.epochs = train_settings(trajectory).epochs;
    task.threads = trajectory.threads;
    index_[trajectory.key] = tasks_.size();
    tasks_.push_back(std::move(task));
  }
}

void Schedule::refresh(Task& task, const FolderState& found) {
  task.state = found.state;
  task.message = found.message;
  task.attempt = found.attempt;
  task.epoch = found.epoch;
  task.peak_bytes = std::max(task.peak_bytes, found.peak_bytes);
  task.runs = found.runs;
  task.ready = false;
  task.restart = false;
  if (found.state == State::Running || found.state == State::Stale) return;
  const bool begun = found.state != State::Pending;
  const bool covered = covers(found.runs, task.trajectory->runs);
  const bool ended =
      found.state == State::Done || found.state == State::Diverged || found.state == State::Failed;
  const bool again = retry_.count(found.state) > 0;
  task.ready = !task.tried && (!ended || !covered || again);
  // What diverged does so again from its checkpoint, too.
  task.restart = begun && (!covered || (again && found.state == State::Diverged));
  for (const auto& key : task.trajectory->runs) task.runs.emplace(key, plan_.runs.at(key).spec);
}

bool Schedule::may_start(const Task& task) const {
  const auto& teachers = task.trajectory->teachers;
  return task.ready && std::all_of(teachers.begin(), teachers.end(), [&](const auto& run) {
           const auto* teacher = task_of(run);
           return teacher && teacher->state == State::Done && !teacher->ready;
         });
}

std::vector<Task*> Schedule::startable() {
  std::vector<Task*> found;
  for (auto& task : tasks_)
    if (may_start(task)) found.push_back(&task);
  return found;
}

std::vector<Task*> Schedule::block() {
  std::vector<Task*> blocked;
  for (auto& task : tasks_) {
    if (!task.ready) continue;
    for (const auto& run : task.trajectory->teachers) {
      const auto* teacher = task_of(run);
      if (!teacher || teacher->ready || !is_lost(teacher->state)) continue;
      task.state = State::Blocked;
      task.ready = false;
      task.because = run;
      blocked.push_back(&task);
      break;
    }
  }
  return blocked;
}

Task* Schedule::find(const std::string& trajectory) {
  const auto found = index_.find(trajectory);
  return found == index_.end() ? nullptr : &tasks_[found->second];
}

const Task* Schedule::task_of(const std::string& run) const {
  const auto found = index_.find(plan_.runs.at(run).trajectory);
  return found == index_.end() ? nullptr : &tasks_[found->second];
}

int Schedule::count(State state) const {
  return int(
      std::count_if(tasks_.begin(), tasks_.end(), [&](const Task& task) { return task.state == state; }));
}

int Schedule::runs() const {
  int runs = 0;
  for (const auto& task : tasks_) runs += int(task.trajectory->runs.size());
  return runs;
}

int Schedule::runs_in(State state) const {
  int runs = 0;
  for (const auto& task : tasks_)
    if (task.state == state && !task.ready) runs += int(task.trajectory->runs.size());
  return runs;
}

bool Schedule::open() const {
  return std::any_of(tasks_.begin(), tasks_.end(), [&](const Task& task) {
    return task.ours || task.state == State::Running || may_start(task);
  });
}

}  // namespace ablate
