#pragma once

#include "harness/cli/command_line.h"
#include "harness/plan/plan.h"
#include "harness/run/store.h"
#include "results/ledger.h"
#include "results/table.h"

namespace ablate::cli {

/// --store, which several commands have.
void add_store(CommandLine& line);
Store store_of(const po::variables_map& values);

/// --base, --set and --executor: what the command line adds to a sweep file.
void add_overrides(CommandLine& line);
Overrides overrides_of(const po::variables_map& values);

/// --format text|md|csv|json.
void add_format(CommandLine& line);
/// Throws UsageError for another word.
Format format_of(const po::variables_map& values);

/// The ledger of a store, for reading. Throws Error when there is none yet.
std::unique_ptr<Ledger> open_ledger(const Store& store);

}  // namespace ablate::cli
