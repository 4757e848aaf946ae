#include "results/dump.h"

#include <nlohmann/json.hpp>

#include "harness/core/canonical.h"
#include "results/sql.h"

namespace ablate {
namespace {

constexpr std::string_view kPrefix = "dump ";

std::string dumped(const sqlite::Statement& row, int column) {
  return row.is_blob(column) ? "sha256:" + sha256(row.text(column)) : canonical(row.value(column));
}

}  // namespace

void dump_ledger(sqlite::Database& database, const std::function<void(std::string_view)>& write) {
  for (const auto name : sql::names()) {
    if (!name.starts_with(kPrefix)) continue;
    auto& rows = database.prepared(sql::statement(name)).with();
    std::string line = "# " + std::string(name.substr(kPrefix.size())) + ":";
    for (int i = 0; i < rows.columns(); ++i) line.append(" ").append(rows.name(i));
    write(line.append("\n"));
    while (rows.step()) {
      line.clear();
      for (int i = 0; i < rows.columns(); ++i) line.append(i ? "\t" : "").append(dumped(rows, i));
      write(line.append("\n"));
    }
    rows.reset();
  }
}

}  // namespace ablate
