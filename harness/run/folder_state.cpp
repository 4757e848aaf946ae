#include "harness/run/folder_state.h"

#include <algorithm>
#include <filesystem>

#include "harness/core/journal.h"
#include "harness/run/lock.h"

namespace ablate {
namespace {

/// A holder on another host that has not touched its lock for so long is taken for dead.
constexpr double kStaleSeconds = 120;

State ended_as(const std::string& state) {
  if (state == "done") return State::Done;
  if (state == "diverged") return State::Diverged;
  if (state == "interrupted") return State::Interrupted;
  return State::Failed;
}

}  // namespace

std::string to_string(State state) {
  switch (state) {
    case State::Pending:
      return "pending";
    case State::Running:
      return "running";
    case State::Stale:
      return "stale";
    case State::Crashed:
      return "crashed";
    case State::Interrupted:
      return "interrupted";
    case State::Failed:
      return "failed";
    case State::Blocked:
      return "blocked";
    case State::Diverged:
      return "diverged";
    case State::Done:
      return "done";
  }
  return "unknown";
}

FolderState state_of(const std::vector<nlohmann::json>& journal) {
  FolderState found;
  for (const auto& line : journal) {
    const auto type = line.value("type", "");
    if (type == "begin") {
      found.state = State::Crashed;
      found.message.clear();
      found.attempt = line.value("attempt", found.attempt + 1);
      found.host = line.value("host", "");
      found.runs.clear();
      for (const auto& run : line.at("runs")) found.runs.emplace(run.at("key"), run.at("spec"));
      if (line.contains("resumed_at") && line["resumed_at"].is_null()) found.epoch = 0;
    } else if (type == "epoch") {
      found.epoch = line.value("epoch", found.epoch);
    } else if (type == "end") {
      found.state = ended_as(line.value("state", ""));
      found.message = line.value("message", "");
      found.peak_bytes = std::max(found.peak_bytes, line.value("peak_bytes", std::int64_t(0)));
    }
  }
  return found;
}

FolderState inspect(const Store& store, const std::string& trajectory) {
  const auto folder = store.run(trajectory);
  // The lock first: who finishes between the two looks is then seen as running, never as crashed.
  const bool locked = is_locked(folder);
  auto found = state_of(read_journal(folder / "journal.jsonl"));
  if (!locked) return found;
  const auto holder = lock_holder(folder);
  const bool elsewhere = holder && holder->host != host_name();
  found.state = elsewhere && lock_age(folder) > kStaleSeconds ? State::Stale : State::Running;
  found.message.clear();
  return found;
}

std::vector<std::string> stored_trajectories(const Store& store) {
  std::vector<std::string> keys;
  const auto runs = store.runs();
  if (!std::filesystem::exists(runs)) return keys;
  for (const auto& entry : std::filesystem::directory_iterator(runs))
    if (entry.is_directory()) keys.push_back(entry.path().filename());
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace ablate
