#include <iostream>

#include <fmt/format.h>

#include "harness/cli/command.h"
#include "harness/cli/shared_options.h"
#include "harness/run/run_sweep.h"
#include "harness/run/world.h"

namespace ablate::cli {

ExitStatus pack_data(const Arguments& arguments) {
  CommandLine line("pack FILE [options]",
                   "Reads the data sets of a sweep into the store, so that a later run starts at once. "
                   "Prints a line a pack.");
  line.argument("FILE");
  add_store(line);
  add_overrides(line);
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  auto overrides = overrides_of(*values);
  overrides.must_exist = true;
  const auto store = store_of(*values);
  std::filesystem::create_directories(store.root());
  PackingWorld packing(store, [](const std::string& text) { fmt::print(stderr, "{}\n", text); });
  Problems problems;
  const auto plan = make_plan(required(*values, "FILE"), overrides, packing.world(), problems);
  if (!report(problems) || !plan) return ExitStatus::InvalidSweep;
  std::set<std::string> printed;
  for (const auto& trajectory : plan->trajectories) {
    const auto& pack = packing.packed(trajectory.data_name, trajectory.data_settings);
    if (!printed.insert(pack.fingerprint).second) continue;
    std::cout << fmt::format("{} {} classes {} train {} test {} skipped {} {}\n", trajectory.data_name,
                             pack.fingerprint, pack.classes.size(), pack.train, pack.test, pack.skipped,
                             pack.file.string());
  }
  return ExitStatus::Done;
}

}  // namespace ablate::cli
