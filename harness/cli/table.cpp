#include "results/table.h"

#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "harness/cli/command.h"
#include "harness/cli/shared_options.h"
#include "harness/run/run_sweep.h"
#include "harness/run/world.h"

namespace ablate::cli {
namespace {

/// A sweep file is laid out as it stands now: titles, labels and tables may have changed since it was run.
nlohmann::json layout_of(const std::string& file, const Store& store, const Overrides& overrides,
                         Problems& problems) {
  const auto plan = make_plan(file, overrides, known_world(store), problems);
  if (!plan) return nullptr;
  if (plan->pending)
    throw Error(fmt::format(
        "{}: some keys are not known, since the data was never read: 'ablate run' or 'ablate pack' first",
        file));
  return to_json(*plan);
}

}  // namespace

ExitStatus table(const Arguments& arguments) {
  CommandLine line(
      "table [SWEEP|FILE] [options]",
      "The comparison table: mean and spread over seeds, differences to the reference with intervals, cost.\n"
      "SWEEP is a name, FILE a sweep file; neither is needed when the store holds one sweep.");
  line.argument("SWEEP");
  add_store(line);
  add_format(line);
  add_overrides(line);
  line.options()("variant", po::value<std::string>()->value_name("NAME"),
                 "raw, ema, fused, ... instead of the arm's own result")(
      "at", po::value<std::string>()->default_value("last")->value_name("last|validation"),
      "the last epoch, or the one selected on the validation split")(
      "metric", po::value<std::string>()->default_value("top1")->value_name("NAME"),
      "top1, top5, loss or ece")("split", po::value<std::string>()->default_value("test")->value_name("NAME"),
                                 "a spoiled test split that was evaluated: test@gaussian_noise.3, test@pgd")(
      "with", po::value<std::string>()->value_name("LIST"),
      "further columns, separated by commas: corruptions (mean over all that were "
      "evaluated), fgsm, pgd, ensemble (of the seeds)");
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  TableOptions options;
  options.format = format_of(*values);
  options.variant = text_of(*values, "variant");
  options.selected_by = text_of(*values, "at") == "selected" ? "validation" : text_of(*values, "at");
  options.metric = text_of(*values, "metric");
  options.split = text_of(*values, "split");
  options.further = listed(text_of(*values, "with"));
  options.sweep = text_of(*values, "SWEEP");
  const auto store = store_of(*values);
  options.runs = store.runs();
  if (std::filesystem::is_regular_file(options.sweep)) {
    Problems problems;
    options.layout = layout_of(options.sweep, store, overrides_of(*values), problems);
    if (!report(problems)) return ExitStatus::InvalidSweep;
    options.sweep = options.layout.at("name");
  }
  std::cout << comparison_table(*open_ledger(store), options);
  return ExitStatus::Done;
}

}  // namespace ablate::cli
