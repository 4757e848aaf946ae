#pragma once

#include "results/sqlite.h"

namespace ablate {

/// Brings a database to the newest schema, an empty one to the first on the way, and makes the views anew;
/// all or nothing. Throws LedgerUnavailable when a newer program made it, or when it is no ledger.
void migrate(sqlite::Database& database);

/// Throws when the schema is not the newest one: reading does not migrate.
void require_newest_schema(sqlite::Database& database);

}  // namespace ablate
