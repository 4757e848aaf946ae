#pragma once

#include <string>

#include "harness/cli/command_line.h"
#include "results/ledger.h"
#include "results/table.h"

namespace ablate::cli {

/// --format text|md|csv|json.
void add_format(CommandLine& line);
/// Throws UsageError for another word.
Format format_of(const po::variables_map& values);

/// Rows for people or programs: aligned columns, a Markdown table, CSV (RFC 4180), or a JSON list of objects.
std::string formatted(const Ledger::Rows& rows, Format format);

}  // namespace ablate::cli
