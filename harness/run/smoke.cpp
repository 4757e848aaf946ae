#include "harness/run/smoke.h"

#include <iostream>

#include <fmt/format.h>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "harness/run/clock.h"
#include "harness/run/lock.h"
#include "harness/run/names.h"

namespace ablate {
namespace {

/// One run of each arm is enough to see whether it works.
std::set<std::string> first_of_each_arm(const Plan& plan, const std::set<std::string>& selected) {
  std::set<std::string> chosen;
  for (const auto& arm : plan.arms)
    for (const auto& run : arm.runs)
      if (selected.count(run) > 0) {
        chosen.insert(run);
        break;
      }
  return chosen;
}

/// Trajectories that differ in their seed alone take equally long.
std::string kind_of(const Trajectory& trajectory) {
  auto spec = trajectory.spec;
  spec.erase("seed");
  return canonical(spec);
}

/// Seconds that the whole training would take at the pace of the steps that were trained; 0 when there were
/// none.
double predicted_seconds(const Store& scratch, const Task& task) {
  double steps_per_epoch = 0, step_seconds = 0;
  for (const auto& line : read_journal(scratch.run(task.trajectory->key) / "journal.jsonl")) {
    // The first attempt's: the second one takes its two steps for the whole epoch.
    if (line.value("type", "") == "facts" && steps_per_epoch == 0)
      steps_per_epoch = line.at("steps_per_epoch").get<double>();
    if (line.value("type", "") == "epoch") step_seconds = line.at("seconds").get<double>() / 2;
  }
  return step_seconds * steps_per_epoch * double(task.epochs);
}

void print_report(const Store& scratch, const Plan& plan, const Schedule& schedule, std::size_t jobs) {
  const auto names = names_of_runs(plan);
  std::map<std::string, double> seconds;
  for (const auto& task : schedule.tasks()) {
    const double predicted = predicted_seconds(scratch, task);
    seconds[kind_of(*task.trajectory)] = predicted;
    std::cout << fmt::format("{:<12} {:>6.0f} MB  {:>14}  {}\n", to_string(task.state),
                             double(task.peak_bytes) / 1e6, predicted > 0 ? spoken_seconds(predicted) : "",
                             names.at(task.trajectory->runs.front()));
  }
  double total = 0;
  for (const auto& trajectory : plan.trajectories) {
    const auto known = seconds.find(kind_of(trajectory));
    if (known != seconds.end()) total += known->second;
  }
  std::cout << fmt::format(
      "the whole sweep: {} trainings, about {:.2f} hours with {} jobs, evaluation not counted\n",
      plan.trajectories.size(), total / 3600 / double(jobs), jobs);
}

}  // namespace

ExitStatus smoke(const Store& store, const Plan& plan, const std::set<std::string>& selected,
                 const std::function<std::filesystem::path(const Trajectory&)>& pack_of,
                 CoordinatorOptions options) {
  const Store scratch(store.root() / fmt::format("smoke-{}-{}", utc_stamp(), this_process().pid));
  std::filesystem::create_directories(scratch.root());
  options.smoke = true;
  Coordinator coordinator(scratch, plan, first_of_each_arm(plan, selected), pack_of, options);
  const auto status = coordinator.run();
  print_report(scratch, plan, coordinator.schedule(), coordinator.jobs());
  if (status == ExitStatus::Done)
    std::filesystem::remove_all(scratch.root());
  else
    fmt::print(stderr, "what there is to see lies in {}\n", scratch.root().string());
  return status;
}

}  // namespace ablate
