#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "results/sqlite.h"

namespace ablate {

/// Writes a stored plan into the ledger in the place of what it held under that name and digest. Throws
/// Error, naming the sweep, where the plan lacks a field. Inside the caller's transaction.
void write_sweep(sqlite::Database& database, const nlohmann::json& plan);

/// Writes the rows that describe a run: its ingredients from a recipe, its teachers from the spec.
void write_description(sqlite::Database& database, const std::string& run, const nlohmann::json& recipe,
                       const nlohmann::json& spec);

}  // namespace ablate
