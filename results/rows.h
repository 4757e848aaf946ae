#pragma once

#include <string>

#include "results/ledger.h"
#include "results/table.h"

namespace ablate {

/// A query's result: aligned columns, a Markdown table, CSV, or a JSON array of objects. NULL is empty in
/// text, Markdown and CSV; blobs are hexadecimal in CSV and JSON, elsewhere only their size is told.
std::string rows_text(const Ledger::Rows& rows, Format format);

}  // namespace ablate
