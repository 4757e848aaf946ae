#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "harness/cli/command.h"
#include "harness/cli/shared_options.h"
#include "harness/run/world.h"

namespace ablate::cli {

ExitStatus validate(const Arguments& arguments) {
  CommandLine line(
      "validate FILE [options]",
      "Checks a sweep or recipe file without training and without needing its data. Every mistake is\n"
      "reported on stdout as file:line:column: message.");
  line.argument("FILE");
  add_overrides(line);
  add_store(line);
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  Problems problems;
  validate_file(required(*values, "FILE"), overrides_of(*values), known_world(store_of(*values)), problems);
  std::cout << problems.text();
  return problems.ok() ? ExitStatus::Done : ExitStatus::InvalidSweep;
}

}  // namespace ablate::cli
