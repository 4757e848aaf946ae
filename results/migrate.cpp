#include "results/migrate.h"

#include <fmt/format.h>

#include "results/ledger.h"
#include "results/sql.h"

namespace ablate {
namespace {

constexpr std::int64_t kApplicationId = 0x61626c74;  // "ablt": tells a ledger from any other database

/// The version of the schema; 0 for an empty file.
std::int64_t schema_version(sqlite::Database& database) {
  const auto version = database.integer("PRAGMA user_version");
  const bool empty = database.integer("SELECT count(*) FROM sqlite_schema") == 0;
  if (!empty && database.integer("PRAGMA application_id") != kApplicationId)
    throw LedgerUnavailable("the file is a SQLite database, but no ledger: name another one with --ledger");
  const auto newest = static_cast<std::int64_t>(sql::migrations().size());
  if (version > newest)
    throw LedgerUnavailable(
        fmt::format("the ledger was made by a newer version of ablate (schema {}, this one knows {}): "
                    "use that, or rebuild the ledger with `ablate doctor`",
                    version, newest));
  return empty ? 0 : version;
}

}  // namespace

void migrate(sqlite::Database& database) {
  sqlite::Transaction transaction(database);
  const auto& migrations = sql::migrations();
  for (auto version = schema_version(database); version < std::int64_t(migrations.size()); ++version)
    database.execute(migrations[version]);
  database.execute(fmt::format("PRAGMA user_version = {}", migrations.size()));
  database.execute(fmt::format("PRAGMA application_id = {}", kApplicationId));
  database.execute(sql::views());
  transaction.commit();
}

void require_newest_schema(sqlite::Database& database) {
  const auto version = schema_version(database), newest = static_cast<std::int64_t>(sql::migrations().size());
  if (version < newest)
    throw Error(fmt::format(
        "the ledger's schema is old ({}, this program's is {}): `ablate doctor` brings it up to date",
        version, newest));
}

}  // namespace ablate
