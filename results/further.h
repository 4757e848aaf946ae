#pragma once

#include "results/comparison.h"

namespace ablate {

/// The columns that `options.further` names, in every cell, for those of its runs that count. Throws Error
/// for a name that there is not, and away from the last epoch, where nothing of this is evaluated.
void add_further_columns(Ledger& ledger, const TableOptions& options, Comparison& comparison);

}  // namespace ablate
