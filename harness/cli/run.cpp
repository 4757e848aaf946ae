#include "harness/run/run_sweep.h"

#include <fmt/format.h>

#include "harness/cli/command.h"
#include "harness/cli/shared_options.h"

namespace ablate::cli {
namespace {

std::set<State> retried(const po::variables_map& values) {
  std::set<State> states;
  for (const auto& name : all_of(values, "retry")) {
    if (name == "failed")
      states.insert(State::Failed);
    else if (name == "diverged")
      states.insert(State::Diverged);
    else
      throw UsageError(fmt::format("--retry {}: failed or diverged are meant{}", name,
                                   suggestion(name, {"failed", "diverged"})));
  }
  return states;
}

std::string joined(const Arguments& arguments) {
  std::string text = "ablate run";
  for (const auto& argument : arguments) text += " " + argument;
  return text;
}

}  // namespace

ExitStatus run(const Arguments& arguments) {
  CommandLine line(
      "run FILE [options]",
      "Trains every run that a sweep implies and that the store does not hold yet. Crashed and interrupted\n"
      "runs go on from their checkpoints. Several may work on one store at once.");
  line.argument("FILE");
  add_store(line);
  add_overrides(line);
  line.options()(
      "jobs,j", po::value<int>()->value_name("N"),
      "workers at once (default: as many as get more done together, by a short measurement and as far as "
      "memory goes)")("only", po::value<std::string>()->value_name("TERMS"),
                      "train only these runs: 'distill=DKD,seed=3'; also backbone=, reference")(
      "retry", po::value<std::vector<std::string>>()->value_name("STATE"),
      "try ended runs again: failed, diverged; may be given twice")("fail-fast",
                                                                    "stop at the first run that fails")(
      "teacher-cache", po::value<double>()->default_value(20)->value_name("GB"),
      "what kept outputs of teachers may take; 0: keep none")(
      "smoke", "two steps of every arm in a scratch store: does it work, how much memory, how long");
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  RunOptions options;
  options.sweep = required(*values, "FILE");
  options.overrides = overrides_of(*values);
  options.only = text_of(*values, "only");
  options.coordinator.fail_fast = values->count("fail-fast") > 0;
  options.coordinator.smoke = values->count("smoke") > 0;
  options.coordinator.retry = retried(*values);
  options.coordinator.command = joined(arguments);
  const double gigabytes = (*values)["teacher-cache"].as<double>();
  if (!(gigabytes >= 0 && gigabytes < 1e9)) throw UsageError("--teacher-cache: gigabytes, 0 or more");
  options.coordinator.teacher_cache_bytes = std::int64_t(gigabytes * 1e9);
  if (values->count("jobs") > 0) {
    options.coordinator.jobs = (*values)["jobs"].as<int>();
    if (options.coordinator.jobs < 1) throw UsageError("--jobs: at least 1 is meant");
  }
  return run_sweep(store_of(*values), options);
}

}  // namespace ablate::cli
