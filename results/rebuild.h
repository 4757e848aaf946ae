#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/ledger.h"

namespace ablate {

/// Folds everything that a store holds into the ledger: sweeps, trajectories' journals, coordinators'
/// journals. Returns a line for each file that could not be read; the others are in.
std::vector<std::string> fold_store(Ledger& ledger, const std::filesystem::path& store);

/// Makes the ledger anew from the store and puts it in the place of `file` once it is whole, whatever state
/// that is in. Returns as above. Throws LedgerUnavailable when another process writes it.
std::vector<std::string> rebuild_ledger(const std::filesystem::path& store,
                                        const std::filesystem::path& file);

}  // namespace ablate
