#include <iostream>

#include "harness/cli/command.h"
#include "harness/cli/shared_options.h"
#include "results/rows.h"

namespace ablate::cli {
namespace {

/// A row a run and arm; runs that only an older version of a sweep names, and teachers, have no arm.
constexpr const char* kRuns = R"sql(
SELECT substr(runs.key, 1, 12) AS run, runs.status, coalesce(sweeps.name, '') AS sweep, arms.backbone, arms.label AS arm,
       runs.seed, round(100 * evaluations.top1, 2) AS "top1 %", runs.invalid
FROM runs
LEFT JOIN sweep_runs ON sweep_runs.run_key = runs.key
  AND sweep_runs.arm_id IN (SELECT arms.id FROM arms JOIN sweeps ON sweeps.id = arms.sweep_id WHERE sweeps.newest)
LEFT JOIN arms ON arms.id = sweep_runs.arm_id
LEFT JOIN sweeps ON sweeps.id = arms.sweep_id
LEFT JOIN evaluations ON evaluations.run_key = runs.key AND evaluations.split = 'test'
  AND evaluations.selected_by = 'last' AND evaluations.reported
WHERE (?1 = '' OR sweeps.name = ?1) AND (?2 = '' OR runs.status = ?2)
ORDER BY sweeps.name, arms.table_position, arms.position, runs.seed, runs.key
)sql";

}  // namespace

ExitStatus list(const Arguments& arguments) {
  CommandLine line("list [SWEEP] [options]", "The runs of a store, one a line, with their state and result.");
  line.argument("SWEEP");
  add_store(line);
  add_format(line);
  line.options()("status", po::value<std::string>()->value_name("STATE"),
                 "only runs in this state: done, failed, ...");
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  const auto format = format_of(*values);
  const auto ledger = open_ledger(store_of(*values));
  const auto rows = ledger->query(kRuns, {text_of(*values, "SWEEP"), text_of(*values, "status")});
  std::cout << rows_text(rows, format);
  return ExitStatus::Done;
}

}  // namespace ablate::cli
