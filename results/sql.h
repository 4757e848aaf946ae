#pragma once

#include <string_view>
#include <vector>

namespace ablate::sql {

/// The statement that stands under `-- name: <name>` in results/sql; our mistake when there is none.
std::string_view statement(std::string_view name);
/// All names, in the order of the files.
const std::vector<std::string_view>& names();

/// migrations()[n - 1] turns a ledger of version n - 1 into one of version n.
const std::vector<std::string_view>& migrations();
std::string_view views();

}  // namespace ablate::sql
