#include <iostream>

#include <fmt/format.h>

#include "harness/cli/command.h"
#include "harness/cli/shared_options.h"
#include "results/rebuild.h"

namespace ablate::cli {

ExitStatus doctor(const Arguments& arguments) {
  CommandLine line("doctor [options]",
                   "Makes the ledger anew from the store's sweeps and journals, whatever state it is in, and "
                   "reports files\n"
                   "that cannot be read. Nothing is lost: the ledger is derived from them.");
  add_store(line);
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  const auto store = store_of(*values);
  if (!std::filesystem::is_directory(store.root()))
    throw Error(fmt::format("{}: no such store", store.root().string()));
  const auto broken = rebuild_ledger(store.root(), store.ledger());
  for (const auto& problem : broken) fmt::print(stderr, "{}\n", problem);
  std::cout << fmt::format("{}: rebuilt, {} files could not be read\n", store.ledger().string(),
                           broken.size());
  return broken.empty() ? ExitStatus::Done : ExitStatus::Failed;
}

}  // namespace ablate::cli
