#include "harness/plan/plan.h"

#include <filesystem>
#include <iostream>
#include <set>

#include <fmt/format.h>

#include "harness/cli/command.h"
#include "harness/cli/shared_options.h"
#include "harness/core/journal.h"
#include "harness/plan/difference.h"
#include "harness/plan/text.h"
#include "harness/run/folder_state.h"
#include "harness/run/run_sweep.h"
#include "harness/run/schedule.h"
#include "harness/run/selection.h"
#include "harness/run/world.h"

namespace ablate::cli {
namespace {

/// What `run` would find in the store.
Schedule schedule_in(const Store& store, const Plan& plan) {
  Problems none;
  Schedule schedule(plan, Selection("", plan, none).runs(plan), {});
  for (auto& task : schedule.tasks()) schedule.refresh(task, inspect(store, task.trajectory->key));
  return schedule;
}

void print_totals(const Plan& plan, const Schedule& schedule) {
  const auto teachers = std::count_if(plan.runs.begin(), plan.runs.end(),
                                      [](const auto& item) { return !item.second.teacher.empty(); });
  const auto pending =
      plan.pending
          ? fmt::format(", and {} whose keys are pending (the data or a teacher's file was not read yet)",
                        plan.pending_runs)
          : "";
  std::cout << fmt::format("runs: {}{}, {} of them teachers'\n", plan.runs.size(), pending, teachers);
  std::cout << fmt::format("trainings: {}, runs that differ only in passive ingredients share one\n",
                           plan.trajectories.size() + plan.pending_trajectories);
  int ready = 0;
  for (const auto& task : schedule.tasks()) ready += task.ready ? 1 : 0;
  std::cout << fmt::format("in the store already: {} trainings; to train: {}\n",
                           schedule.tasks().size() - std::size_t(ready),
                           std::size_t(ready) + plan.pending_trajectories);
}

void print_text(const Plan& plan, const Schedule& schedule, bool origins) {
  std::set<std::string> done;
  for (const auto& task : schedule.tasks())
    if (!task.ready && (task.state == State::Done || task.state == State::Diverged))
      done.insert(task.trajectory->runs.begin(), task.trajectory->runs.end());
  std::cout << plan_text(plan, {[&](const std::string& run) { return done.contains(run); }, origins});
  print_totals(plan, schedule);
}

void print_json(const Plan& plan, const Schedule& schedule) {
  auto page = to_json(plan);
  page["notes"] = plan.notes;
  page["pending"] = plan.pending;
  auto trajectories = nlohmann::json::array();
  for (const auto& task : schedule.tasks())
    trajectories.push_back({{"key", task.trajectory->key},
                            {"runs", task.trajectory->runs},
                            {"teachers", task.trajectory->teachers},
                            {"seed", task.trajectory->seed},
                            {"state", to_string(task.state)},
                            {"to_train", task.ready}});
  page["trajectories"] = trajectories;
  std::cout << page.dump(1) << '\n';
}

/// The stored run whose spec is closest to this one, and where it differs: why a run is not reused.
void explain(const Store& store, const Plan& plan, const std::string& start) {
  const auto run = std::find_if(plan.runs.begin(), plan.runs.end(),
                                [&](const auto& item) { return item.first.starts_with(start); });
  if (run == plan.runs.end()) throw Error(fmt::format("the plan has no run '{}'", start));
  std::string closest;
  std::vector<std::string> lines;
  for (const auto& trajectory : stored_trajectories(store)) {
    const auto state = state_of(read_journal(store.run(trajectory) / "journal.jsonl"));
    for (const auto& [key, spec] : state.runs) {
      auto found = differences(spec, run->second.spec);
      if (!closest.empty() && found.size() >= lines.size()) continue;
      closest = key;
      lines = std::move(found);
    }
  }
  if (closest.empty()) {
    std::cout << "the store holds no run\n";
  } else if (lines.empty()) {
    std::cout << fmt::format("{} is in the store\n", closest);
  } else {
    std::cout << fmt::format("the closest run in the store is {}; it differs in\n", closest);
    for (const auto& line : lines) std::cout << "  " << line << '\n';
  }
}

}  // namespace

ExitStatus plan(const Arguments& arguments) {
  CommandLine line("plan FILE [options]",
                   "What a sweep would train, before any compute: arms, runs, how each differs from the "
                   "reference, and what\n"
                   "the store holds already.");
  line.argument("FILE");
  add_store(line);
  add_overrides(line);
  line.options()("json", "the whole plan as JSON")("origin",
                                                   "where each value was given: file, line and column")(
      "explain", po::value<std::string>()->value_name("RUN"),
      "why a run is not reused: the closest one and what differs");
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  const auto store = store_of(*values);
  Problems problems;
  const auto made = make_plan(required(*values, "FILE"), overrides_of(*values), known_world(store), problems);
  if (!report(problems) || !made) return ExitStatus::InvalidSweep;
  if (const auto start = text_of(*values, "explain"); !start.empty()) {
    explain(store, *made, start);
    return ExitStatus::Done;
  }
  const auto schedule = schedule_in(store, *made);
  values->count("json") > 0 ? print_json(*made, schedule)
                            : print_text(*made, schedule, values->count("origin") > 0);
  return ExitStatus::Done;
}

}  // namespace ablate::cli
