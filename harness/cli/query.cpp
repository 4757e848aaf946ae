#include <iostream>

#include "harness/cli/command.h"
#include "harness/cli/shared_options.h"
#include "results/rows.h"

namespace ablate::cli {

ExitStatus query(const Arguments& arguments) {
  CommandLine line(
      "query SQL [options]",
      "Asks the ledger, read-only. Tables and views are described in docs/formats.md; v_results has a row a\n"
      "run, split and variant.");
  line.argument("SQL");
  add_store(line);
  add_format(line);
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  const auto sql = required(*values, "SQL");
  const auto format = format_of(*values);
  std::cout << rows_text(open_ledger(store_of(*values))->query(sql), format);
  return ExitStatus::Done;
}

}  // namespace ablate::cli
