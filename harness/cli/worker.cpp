#include "harness/run/worker.h"

#include "harness/cli/command.h"
#include "harness/cli/command_line.h"

namespace ablate::cli {

ExitStatus worker(const Arguments& arguments) {
  CommandLine line(
      "worker DIR [options]",
      "Trains one trajectory's folder as its spec.json and request.json say; 'ablate run' starts these.");
  line.argument("DIR");
  line.options()("fd", po::value<int>()->value_name("N"), "an open descriptor that holds the folder's lock");
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  std::optional<int> descriptor;
  if (values->count("fd") > 0) descriptor = (*values)["fd"].as<int>();
  return work(required(*values, "DIR"), descriptor);
}

}  // namespace ablate::cli
