#include "harness/run/run_sweep.h"

#include <cstdio>

#include <fmt/format.h>

#include "harness/core/journal.h"
#include "harness/run/selection.h"
#include "harness/run/smoke.h"
#include "harness/run/world.h"

namespace ablate {
namespace {

void say(const std::string& line) {
  fmt::print(stderr, "{}\n", line);
}

/// Finds every mistake before a single image is read; only then are the data sets read, which gives the keys.
std::optional<Plan> checked_plan(const Store& store, const RunOptions& options, PackingWorld& packing) {
  Problems first;
  const auto draft = make_plan(options.sweep, options.overrides, known_world(store), first);
  if (!draft || !first.ok()) {
    report(first);
    return std::nullopt;
  }
  Problems problems;
  auto plan = make_plan(options.sweep, options.overrides, packing.world(), problems);
  return report(problems) ? std::move(plan) : std::nullopt;
}

void store_plan(const Store& store, const Plan& plan) {
  const auto file = store.sweep(plan.name, plan.digest);
  std::filesystem::create_directories(file.parent_path());
  write_file(file, to_json(plan).dump(1) + "\n");
}

}  // namespace

bool report(const Problems& problems) {
  fmt::print(stderr, "{}", problems.text());
  return problems.ok();
}

ExitStatus run_sweep(const Store& store, RunOptions options) {
  options.overrides.must_exist = true;
  std::filesystem::create_directories(store.root());
  PackingWorld packing(store, say);
  const auto plan = checked_plan(store, options, packing);
  if (!plan) return ExitStatus::InvalidSweep;
  for (const auto& note : plan->notes) say(note);
  Problems wrong;
  const Selection selection(options.only, *plan, wrong);
  if (!report(wrong)) return ExitStatus::Usage;
  const auto selected = selection.runs(*plan);
  if (selected.empty()) {
    say(fmt::format("--only: no run of {} is meant by '{}'", plan->name, options.only));
    return ExitStatus::Usage;
  }
  const auto pack_of = [&](const Trajectory& trajectory) {
    return packing.packed(trajectory.data_name, trajectory.data_settings).file;
  };
  if (options.coordinator.smoke) return smoke(store, *plan, selected, pack_of, options.coordinator);
  store_plan(store, *plan);
  return Coordinator(store, *plan, selected, pack_of, options.coordinator).run();
}

}  // namespace ablate
