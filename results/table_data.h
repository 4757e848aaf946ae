#pragma once

#include <string>

#include "results/comparison.h"

namespace ablate {

/// One line a row of a panel and backbone, under a header; numbers plain, empty where there is none.
std::string table_csv(const Comparison& comparison, bool times);

/// The same with the values of the seeds, what is missing, teachers and footnotes; null where there is no
/// number.
std::string table_json(const Comparison& comparison, bool times);

}  // namespace ablate
