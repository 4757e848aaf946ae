#include "results/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/core/canonical.h"
#include "results/ledger.h"

namespace ablate::sqlite {
namespace {

constexpr int kBusyMilliseconds = 10'000;

[[noreturn]] void fail(sqlite3* database, int result) {
  const std::string message = database ? sqlite3_errmsg(database) : sqlite3_errstr(result);
  switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw LedgerUnavailable(
          fmt::format("the ledger {} is damaged ({}): `ablate doctor` rebuilds it from the journals",
                      database ? sqlite3_db_filename(database, "main") : "", message));
    case SQLITE_AUTH:
      throw Error(message + ": a query may only read");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw LedgerUnavailable("the ledger is busy (" + message +
                              "): try again when the other process is done");
    default:
      throw Error(message);
  }
}

bool has_wal(const std::filesystem::path& file) {
  std::error_code none;
  return std::filesystem::file_size(file.string() + "-wal", none) > 0 && !none;
}

/// Reading a database in WAL mode makes files beside it, unless it is said never to change: a store on a
/// read-only disk.
std::string uri(const std::filesystem::path& file, Access access) {
  std::string escaped;
  for (char c : std::filesystem::absolute(file).string())
    escaped += c == '%' || c == '?' || c == '#' ? fmt::format("%{:02x}", c) : std::string(1, c);
  const auto folder = std::filesystem::absolute(file).parent_path();
  const bool frozen = access == Access::Read && ::access(folder.c_str(), W_OK) != 0 && !has_wal(file);
  return "file:" + escaped + (frozen ? "?immutable=1" : "");
}

constexpr const char* kDescribingPragmas[] = {"table_info", "table_xinfo", "table_list",
                                              "index_list", "index_info",  "foreign_key_list"};

/// What reading takes: selecting, functions, recursion, and the pragmas that only describe tables.
int allow_only_reading(void*, int action, const char* first, const char* second, const char*, const char*) {
  const auto is = [](const char* text, std::string_view name) { return text && name == text; };
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return is(second, "load_extension") ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
      for (const char* name : kDescribingPragmas)
        if (is(first, name)) return SQLITE_OK;
      return is(first, "user_version") && !second ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

}  // namespace

Statement::Statement(sqlite3* database, std::string_view sql) : database_(database) {
  check(sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement_, nullptr));
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

void Statement::check(int result) const {
  if (result != SQLITE_OK) fail(database_, result);
}

Statement& Statement::reset() {
  sqlite3_reset(statement_);  // repeats the last step's error, which was reported then
  check(sqlite3_clear_bindings(statement_));
  return *this;
}

void Statement::bind(int position, std::nullptr_t) {
  check(sqlite3_bind_null(statement_, position));
}

void Statement::bind(int position, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, position, value));
}

void Statement::bind(int position, double value) {
  check(std::isfinite(value) ? sqlite3_bind_double(statement_, position, value)
                             : sqlite3_bind_null(statement_, position));
}

void Statement::bind(int position, std::string_view text) {
  check(sqlite3_bind_text64(statement_, position, text.data() ? text.data() : "", text.size(),
                            SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind(int position, const Blob& blob) {
  const auto [bytes] = blob;
  check(sqlite3_bind_blob64(statement_, position, bytes.data() ? bytes.data() : "", bytes.size(),
                            SQLITE_TRANSIENT));
}

void Statement::bind(int position, const Any& any) {
  using Type = nlohmann::json::value_t;
  const auto& value = any.value;
  switch (value.type()) {
    case Type::null:
    case Type::discarded:
      return bind(position, nullptr);
    case Type::boolean:
      return bind(position, value.get<bool>());
    case Type::number_integer:
    case Type::number_unsigned:
      return bind(position, value.get<std::int64_t>());
    case Type::number_float:
      return bind(position, value.get<double>());
    case Type::string:
      return bind(position, value.get_ref<const std::string&>());
    case Type::binary: {
      const auto& bytes = value.get_binary();
      return bind(position, Blob{{reinterpret_cast<const char*>(bytes.data()), bytes.size()}});
    }
    case Type::object:
    case Type::array:
      return bind(position, canonical(value));
  }
}

bool Statement::step() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  fail(database_, result);
}

void Statement::finish() {
  while (step()) {
  }
  sqlite3_reset(statement_);
}

int Statement::parameters() const {
  return sqlite3_bind_parameter_count(statement_);
}

int Statement::columns() const {
  return sqlite3_column_count(statement_);
}

std::string Statement::name(int column) const {
  return sqlite3_column_name(statement_, column);
}

bool Statement::is_blob(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_BLOB;
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::text(int column) const {
  const void* bytes = is_blob(column) ? sqlite3_column_blob(statement_, column)
                                      : static_cast<const void*>(sqlite3_column_text(statement_, column));
  if (!bytes) return {};
  return {static_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

nlohmann::json Statement::value(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return integer(column);
    case SQLITE_FLOAT: {
      const double value = sqlite3_column_double(statement_, column);
      return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(shortest(value));
    }
    case SQLITE_TEXT:
      return std::string(text(column));
    case SQLITE_BLOB: {
      const auto bytes = text(column);
      return nlohmann::json::binary({bytes.begin(), bytes.end()});
    }
    default:
      return nullptr;
  }
}

Database::Database(const std::filesystem::path& file, Access access) {
  const int flags =
      access == Access::Read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int result = sqlite3_open_v2(uri(file, access).c_str(), &database_, flags | SQLITE_OPEN_URI, nullptr);
  if (result != SQLITE_OK) {
    const std::string message = database_ ? sqlite3_errmsg(database_) : sqlite3_errstr(result);
    sqlite3_close_v2(database_);
    throw Error(fmt::format("cannot open the ledger {}: {}", file.string(), message));
  }
  sqlite3_extended_result_codes(database_, 1);
  sqlite3_busy_timeout(database_, kBusyMilliseconds);
}

Database::~Database() {
  prepared_.clear();
  sqlite3_close_v2(database_);
}

void Database::execute(std::string_view sql) {
  const int result = sqlite3_exec(database_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail(database_, result);
}

Statement& Database::prepared(std::string_view sql) {
  auto found = prepared_.find(sql);
  if (found == prepared_.end())
    found = prepared_.emplace(std::string(sql), std::make_unique<Statement>(database_, sql)).first;
  return *found->second;
}

std::unique_ptr<Statement> Database::prepare_single(std::string_view sql) {
  const std::string text(sql);  // the tail must end in 0
  sqlite3_stmt* first = nullptr;
  const char* tail = nullptr;
  int result = sqlite3_prepare_v2(database_, text.c_str(), -1, &first, &tail);
  sqlite3_finalize(first);
  if (result != SQLITE_OK) fail(database_, result);
  if (!first) throw Error("no statement given");
  sqlite3_stmt* second = nullptr;
  result = sqlite3_prepare_v2(database_, tail, -1, &second, nullptr);
  sqlite3_finalize(second);
  if (result != SQLITE_OK) fail(database_, result);
  if (second) throw Error("one statement at a time");
  return std::make_unique<Statement>(database_, text);
}

std::int64_t Database::integer(std::string_view sql) {
  Statement statement(database_, sql);
  return statement.step() ? statement.integer(0) : 0;
}

void Database::allow_reading_only() {
  // A table-valued function declares its columns at its first use, which the authoriser would take for a
  // change.
  for (const char* name : kDescribingPragmas)
    Statement(database_, fmt::format("SELECT 1 FROM pragma_{}", name));
  for (const char* name : {"json_each", "json_tree"})
    Statement(database_, fmt::format("SELECT 1 FROM {}('[]')", name));
  sqlite3_set_authorizer(database_, allow_only_reading, nullptr);
}

void Database::interrupt() {
  sqlite3_interrupt(database_);
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const std::exception&) {
    // SQLite has rolled back by itself, as it does after some errors
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace ablate::sqlite
