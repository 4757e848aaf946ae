#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>

#include <fmt/format.h>

#include "harness/cli/command.h"
#include "harness/cli/shared_options.h"
#include "harness/core/journal.h"
#include "harness/plan/plan.h"
#include "harness/run/folder_state.h"
#include "harness/run/names.h"

namespace ablate::cli {
namespace {

namespace fs = std::filesystem;

/// The newest stored plan of each sweep, by name.
std::map<std::string, Plan> newest_plans(const Store& store) {
  std::map<std::string, std::pair<fs::file_time_type, fs::path>> newest;
  const auto sweeps = store.root() / "sweeps";
  if (fs::exists(sweeps))
    for (const auto& entry : fs::recursive_directory_iterator(sweeps)) {
      if (entry.path().extension() != ".json") continue;
      const std::pair found{entry.last_write_time(), entry.path()};
      auto& known = newest.try_emplace(entry.path().parent_path().filename(), found).first->second;
      known = std::max(known, found);
    }
  std::map<std::string, Plan> plans;
  for (const auto& [name, file] : newest)
    plans.emplace(name, plan_from(nlohmann::json::parse(read_file(file.second))));
  return plans;
}

/// Runs whose teacher failed, as the coordinators said last.
std::map<std::string, std::string> blocked_trajectories(const Store& store) {
  std::map<std::string, std::string> blocked;
  if (!fs::exists(store.coordinators())) return blocked;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(store.coordinators())) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files)
    for (const auto& line : read_journal(file)) {
      if (line.value("type", "") == "blocked") blocked[line.at("trajectory")] = line.at("because");
      if (line.value("type", "") == "start") blocked.erase(line.at("trajectory").get<std::string>());
    }
  return blocked;
}

/// A run's state: its trajectory's, as far as that yields this run.
FolderState state_of_run(const Store& store, const Run& run,
                         const std::map<std::string, std::string>& blocked) {
  auto state = inspect(store, run.trajectory);
  if (state.state != State::Pending && state.runs.count(run.key) == 0) state = FolderState{};
  if (state.state == State::Pending && blocked.count(run.trajectory) > 0) state.state = State::Blocked;
  return state;
}

struct Report {
  std::map<State, int> counts;
  nlohmann::ordered_json runs = nlohmann::ordered_json::array();
};

Report report_on(const Store& store, const Plan& plan, const std::map<std::string, std::string>& blocked) {
  Report report;
  const auto names = names_of_runs(plan);
  for (const auto& [key, run] : plan.runs) {
    const auto state = state_of_run(store, run, blocked);
    ++report.counts[state.state];
    report.runs.push_back({{"run", key},
                           {"name", names.at(key)},
                           {"state", to_string(state.state)},
                           {"epoch", state.epoch},
                           {"attempt", state.attempt},
                           {"message", state.message}});
  }
  return report;
}

void print_text(const std::string& sweep, const Report& report) {
  std::cout << fmt::format("{}: {} runs", sweep, report.runs.size());
  for (const auto& [state, count] : report.counts)
    std::cout << fmt::format(", {} {}", count, to_string(state));
  std::cout << '\n';
  for (const auto& run : report.runs) {
    const auto state = run.at("state").get<std::string>();
    if (state == "done" || state == "pending") continue;
    const auto message = run.at("message").get<std::string>();
    std::cout << fmt::format("  {:<12} {}  {}, epoch {}{}\n", state,
                             run.at("run").get<std::string>().substr(0, 12),
                             run.at("name").get<std::string>(), run.at("epoch").get<std::int64_t>(),
                             message.empty() ? "" : ": " + message);
  }
}

}  // namespace

ExitStatus status(const Arguments& arguments) {
  CommandLine line("status [SWEEP] [options]",
                   "How far the sweeps of a store are, told from the journals and locks themselves.");
  line.argument("SWEEP");
  add_store(line);
  line.options()("json", "every run, as JSON");
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  const auto store = store_of(*values);
  if (!fs::is_directory(store.root()))
    throw Error(fmt::format("{}: no such store; 'ablate run' makes one", store.root().string()));
  const auto wanted = text_of(*values, "SWEEP");
  const auto blocked = blocked_trajectories(store);
  auto page = nlohmann::ordered_json::object();
  for (const auto& [name, plan] : newest_plans(store)) {
    if (!wanted.empty() && name != wanted) continue;
    const auto report = report_on(store, plan, blocked);
    page[name] = report.runs;
    if (values->count("json") == 0) print_text(name, report);
  }
  if (!wanted.empty() && page.empty()) throw Error(fmt::format("the store has no sweep '{}'", wanted));
  if (values->count("json") > 0) std::cout << page.dump(1) << '\n';
  return ExitStatus::Done;
}

}  // namespace ablate::cli
