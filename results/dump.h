#pragma once

#include <functional>
#include <string_view>

#include "results/sqlite.h"

namespace ablate {

/// Hands over the deterministic tables piece by piece: a line a row, under a line with the table's name and
/// columns. Blobs stand as their SHA-256.
void dump_ledger(sqlite::Database& database, const std::function<void(std::string_view)>& write);

}  // namespace ablate
