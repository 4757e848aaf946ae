#include "harness/run/coordinator.h"

#include <csignal>
#include <ctime>
#include <thread>

#include <fmt/format.h>
#include <pthread.h>

#include "harness/run/clock.h"
#include "harness/run/machine.h"
#include "harness/run/names.h"
#include "harness/run/throughput.h"

namespace ablate {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// What a worker is taken to need before one has been seen.
constexpr std::int64_t kAssumedBytes = std::int64_t(1) << 30;

sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, signal);
  return set;
}

std::filesystem::path new_journal(const Store& store) {
  std::filesystem::create_directories(store.coordinators());
  return store.coordinators() / fmt::format("{}-{}-{}.jsonl", utc_stamp(), host_name(), this_process().pid);
}

}  // namespace

Coordinator::Coordinator(const Store& store, const Plan& plan, const std::set<std::string>& selected,
                         std::function<std::filesystem::path(const Trajectory&)> pack_of,
                         const CoordinatorOptions& options)
    : store_(store),
      plan_(plan),
      pack_of_(std::move(pack_of)),
      options_(options),
      memory_(available_memory()),
      names_(names_of_runs(plan)),
      schedule_(plan, selected, options.retry),
      feed_(store),
      orphans_(store, [this](const std::string& line) { progress_.say(line); }),
      journal_(new_journal(store)) {}

ExitStatus Coordinator::run() {
  // They are waited for, not handled; a worker starts without this mask. A reader of stderr that goes away
  // stops nothing.
  const auto awaited = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &awaited, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  take_stock();
  while (true) {
    block();
    if (!stopping_) start_workers();
    if (over()) break;
    wait();
    collect();
    follow();
    look_elsewhere();
    progress_.show(schedule_);
  }
  return end();
}

void Coordinator::take_stock() {
  for (auto& task : schedule_.tasks()) schedule_.refresh(task, inspect(store_, task.trajectory->key));
  if (options_.jobs == 0 && schedule_.open()) choose_cores();
  journal_.append({{"type", "begin"},
                   {"time", utc_now()},
                   {"host", host_name()},
                   {"pid", this_process().pid},
                   {"sweep", plan_.name},
                   {"digest", plan_.digest},
                   {"jobs", jobs()},
                   {"command", options_.command}});
  if (!feed_.acquire()) progress_.say("another process writes this store's ledger: sharing the work with it");
  feed_.sync();
  if (schedule_.open()) return;
  if (schedule_.count(State::Done) + schedule_.count(State::Diverged) == int(schedule_.tasks().size()))
    progress_.say(fmt::format("nothing to train: all {} runs are there", schedule_.runs()));
}

void Coordinator::choose_cores() {
  useful_cores_ = jobs_worth_running(usable_cores(), measured_throughput);
  if (useful_cores_ < usable_cores())
    progress_.say(fmt::format("training on {} of {} cores: more get no more done (see --jobs)", useful_cores_,
                              usable_cores()));
}

std::size_t Coordinator::jobs() const {
  if (options_.jobs > 0) return std::size_t(options_.jobs);
  std::int64_t bytes = 0, threads = 1;
  for (const auto& task : schedule_.tasks()) {
    bytes = std::max(bytes, task.peak_bytes);
    threads = std::max(threads, task.threads);
  }
  const auto by_memory = memory_ / (bytes > 0 ? bytes : kAssumedBytes);
  return std::size_t(std::max<std::int64_t>(1, std::min<std::int64_t>(useful_cores_ / threads, by_memory)));
}

void Coordinator::start_workers() {
  for (auto* task : schedule_.startable()) {
    if (workers_.running() >= jobs()) return;
    claim(*task);
  }
}

void Coordinator::claim(Task& task) {
  const auto folder = store_.run(task.trajectory->key);
  std::filesystem::create_directories(folder);
  auto lock = FolderLock::try_take(folder);
  if (!lock) {
    task.state = State::Running;
    task.ready = false;
    return;
  }
  // Somebody may have been here between the last look and the lock.
  schedule_.refresh(task, state_of(read_journal(folder / "journal.jsonl")));
  if (!task.ready) return;
  lock->sign();
  try {
    launch(task, std::move(*lock));
  } catch (const Error& error) {
    WorkerExit exit{task.trajectory->key, int(ExitStatus::Failed), 0, error.what()};
    settle(task, exit);
  }
}

void Coordinator::launch(Task& task, FolderLock lock) {
  RequestOptions asked{
      .keep = plan_.keep, .teacher_cache_bytes = options_.teacher_cache_bytes, .trial = options_.smoke};
  if (options_.smoke)
    (task.attempt == 0 ? asked.stop_after_steps : asked.finish_after_steps) = task.attempt == 0 ? 1 : 2;
  const auto folder = store_.run(task.trajectory->key);
  write_request(folder, request_for(store_, plan_, task, pack_of_(*task.trajectory), asked), task.restart);
  const int pid = workers_.start(task.trajectory->key, folder, std::move(lock));
  task.state = State::Running;
  task.ready = false;
  task.ours = true;
  journal_.append({{"type", "start"},
                   {"trajectory", task.trajectory->key},
                   {"attempt", task.attempt + 1},
                   {"pid", pid},
                   {"time", utc_now()}});
  const bool goes_on = task.attempt > 0 && !task.restart;
  progress_.event(fmt::format("{} {}", goes_on ? "going on with" : "training", name_of(task)));
}

void Coordinator::collect() {
  for (const auto& exit : workers_.reap()) settle(*schedule_.find(exit.trajectory), exit);
}

void Coordinator::settle(Task& task, const WorkerExit& exit) {
  const int attempt = task.attempt + 1;
  task.ours = false;
  task.tried = true;
  schedule_.refresh(task, inspect(store_, exit.trajectory));
  // One that ended before its journal's first word has left no trace there; being told to stop so early is no
  // failure.
  if (task.attempt < attempt && exit.signal != SIGTERM && (exit.signal != 0 || exit.status != 0))
    task.state = exit.signal != 0 ? State::Crashed : State::Failed;
  if (options_.smoke && task.state == State::Interrupted) {
    task.tried = false;
    task.ready = !stopping_;
  }
  task.peak_bytes = std::max(task.peak_bytes, exit.peak_bytes);
  nlohmann::json line{{"type", "exit"},         {"trajectory", exit.trajectory},
                      {"attempt", attempt},     {"stderr", exit.printed},
                      {"time", utc_now()},      {"peak_bytes", exit.peak_bytes},
                      {"seconds", exit.seconds}};
  exit.signal != 0 ? line["signal"] = exit.signal : line["status"] = exit.status;
  journal_.append(line);
  announce(task, exit);
  if (options_.fail_fast && (task.state == State::Failed || task.state == State::Crashed))
    stop(SIGTERM, "stopping at the first failure");
}

void Coordinator::announce(const Task& task, const WorkerExit& exit) {
  const auto what = fmt::format("{}: {}", to_string(task.state), name_of(task));
  if (task.state == State::Done) {
    progress_.event(fmt::format("{}, {} ({}/{} runs)", what, spoken_seconds(exit.seconds),
                                schedule_.runs_in(State::Done), schedule_.runs()));
  } else if (task.state == State::Interrupted || task.state == State::Running) {
    progress_.event(what);
  } else {
    auto why =
        task.message.empty() ? exit.printed.substr(0, exit.printed.find_last_not_of('\n') + 1) : task.message;
    if (exit.signal != 0) why = fmt::format("ended by signal {} ({})", exit.signal, strsignal(exit.signal));
    progress_.say(fmt::format("{}: {}", what, why));
  }
}

void Coordinator::follow() {
  if (Clock::now() - synced_ < seconds(2)) return;
  synced_ = Clock::now();
  for (auto& task : schedule_.tasks()) {
    if (!task.ours) continue;
    for (const auto& line : read_journal(store_.run(task.trajectory->key) / "journal.jsonl")) {
      if (line.value("type", "") != "epoch" || line.value("epoch", std::int64_t(0)) <= task.epoch) continue;
      task.epoch = line.at("epoch");
      progress_.epoch(line.value("images", std::int64_t(0)));
    }
  }
  feed_.sync();
}

void Coordinator::look_elsewhere() {
  if (Clock::now() - looked_ < seconds(1)) return;
  looked_ = Clock::now();
  for (auto& task : schedule_.tasks()) {
    if (task.ours || task.state != State::Running) continue;
    schedule_.refresh(task, inspect(store_, task.trajectory->key));
    if (task.state == State::Running) orphans_.watch(task.trajectory->key);
  }
}

void Coordinator::block() {
  for (const auto* task : schedule_.block()) {
    journal_.append({{"type", "blocked"}, {"trajectory", task->trajectory->key}, {"because", task->because}});
    progress_.say(fmt::format("blocked: {}: its teacher {} is not to be had", name_of(*task),
                              names_.at(task->because)));
  }
}

void Coordinator::stop(int signal, const std::string& why) {
  progress_.say(why);
  stopping_ = true;
  workers_.signal_all(signal);
}

void Coordinator::wait() {
  const auto awaited = awaited_signals();
  constexpr timespec kPause{0, 250'000'000};
  const int signal = sigtimedwait(&awaited, nullptr, &kPause);
  if (signal < 0 || signal == SIGCHLD) return;
  if (interrupted_)
    stop(SIGKILL, "stopping at once");
  else
    stop(SIGTERM, "stopping: workers write a checkpoint; interrupt again to stop at once");
  interrupted_ = true;
}

bool Coordinator::over() const {
  return workers_.running() == 0 && (stopping_ || !schedule_.open());
}

ExitStatus Coordinator::end() {
  progress_.finish();
  const int failed =
      schedule_.count(State::Failed) + schedule_.count(State::Crashed) + schedule_.count(State::Blocked);
  journal_.append({{"type", "end"},
                   {"time", utc_now()},
                   {"done", schedule_.count(State::Done)},
                   {"failed", failed},
                   {"diverged", schedule_.count(State::Diverged)},
                   {"interrupted", schedule_.count(State::Interrupted)}});
  journal_.sync();
  catch_up_ledger();
  std::string summary;
  for (const auto state : {State::Done, State::Diverged, State::Failed, State::Crashed, State::Blocked,
                           State::Interrupted, State::Stale, State::Pending})
    if (const int runs = schedule_.runs_in(state); runs > 0)
      summary += fmt::format("{}{} {}", summary.empty() ? "" : ", ", runs, to_string(state));
  progress_.say(fmt::format("{}: {} of {} runs", plan_.name, summary, schedule_.runs()));
  if (schedule_.count(State::Failed) > 0)
    progress_.say("failed runs are not tried again unless asked for: --retry failed");
  return verdict();
}

void Coordinator::catch_up_ledger() {
  // Whoever writes the ledger may be about to leave: its last look may have been before our last word.
  for (int i = 0; i < 20 && !feed_.acquire(); ++i) std::this_thread::sleep_for(milliseconds(200));
  feed_.sync();
}

ExitStatus Coordinator::verdict() const {
  if (interrupted_) return ExitStatus::Interrupted;
  for (const auto state : {State::Failed, State::Crashed, State::Blocked, State::Stale})
    if (schedule_.count(state) > 0) return ExitStatus::SomeFailed;
  const bool all =
      schedule_.count(State::Done) + schedule_.count(State::Diverged) == int(schedule_.tasks().size());
  return all ? ExitStatus::Done : ExitStatus::Interrupted;
}

std::string Coordinator::name_of(const Task& task) const {
  const auto& runs = task.trajectory->runs;
  const auto& name = names_.at(runs.front());
  return runs.size() > 1 ? fmt::format("{} (serves {} runs)", name, runs.size()) : name;
}

}  // namespace ablate
