#pragma once

#include <string>
#include <vector>

#include "results/comparison.h"

namespace ablate {

/// The signs of what is missing from a cell: "†‡".
std::string marks_of(const CellResult& cell);

/// What the numbers are, how they were compared and what is missing: the lines below the tables.
std::vector<std::string> footnotes(const Comparison& comparison, bool times);

/// "1-5, 8".
std::string ranges(const std::set<std::int64_t>& numbers);

}  // namespace ablate
