#pragma once

#include <string>
#include <vector>

#include "harness/run/exit_status.h"

namespace ablate::cli {

using Arguments = std::vector<std::string>;

/// A subcommand: the one place that knows its name.
struct Command {
  const char* name;
  const char* doc;
  ExitStatus (*run)(const Arguments& arguments);
  bool hidden = false;  // started by the program itself
};

/// Every subcommand, in the order of the help page.
const std::vector<Command>& commands();

ExitStatus describe_entry(const Arguments& arguments);
ExitStatus doctor(const Arguments& arguments);
ExitStatus list(const Arguments& arguments);
ExitStatus pack_data(const Arguments& arguments);
ExitStatus plan(const Arguments& arguments);
ExitStatus query(const Arguments& arguments);
ExitStatus run(const Arguments& arguments);
ExitStatus show(const Arguments& arguments);
ExitStatus status(const Arguments& arguments);
ExitStatus table(const Arguments& arguments);
ExitStatus validate(const Arguments& arguments);
ExitStatus version(const Arguments& arguments);
ExitStatus views(const Arguments& arguments);
ExitStatus worker(const Arguments& arguments);

}  // namespace ablate::cli
