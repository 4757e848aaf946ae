#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "results/ledger.h"

namespace ablate {

/// What the ledger says of one run, for a table.
struct RunOutcome {
  std::string status = "pending", invalid;  // why
  std::string variant;                      // "" when not evaluated as asked
  std::int64_t images = 0;
  double score = std::numeric_limits<double>::quiet_NaN();
  double parameters = std::numeric_limits<double>::quiet_NaN(),
         macs = std::numeric_limits<double>::quiet_NaN();
  double seconds_per_epoch = std::numeric_limits<double>::quiet_NaN();
};

/// By key; runs that the ledger does not know are pending. `column` is one of `evaluations`; variant "" is
/// the reported one.
std::map<std::string, RunOutcome> outcomes_of(Ledger& ledger, const std::vector<std::string>& keys,
                                              const std::string& column, const std::string& selected_by,
                                              const std::string& split, const std::string& variant);

struct Environments {
  std::size_t count = 0;
  bool mixed = false;  // one trajectory has several
};
Environments environments_of(Ledger& ledger, const std::vector<std::string>& keys);

}  // namespace ablate
