#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace ablate::sqlite {

struct Blob {
  std::string_view bytes;
};

struct Any {
  const nlohmann::json& value;
};

/// A prepared statement. Parameters are bound by position from 1, columns read from 0.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Makes it ready to run again, with nothing bound.
  Statement& reset();
  void bind(int position, std::nullptr_t);
  void bind(int position, std::int64_t value);
  void bind(int position, double value);  // NULL where it is not finite
  void bind(int position, std::string_view text);
  void bind(int position, const char* text) { bind(position, std::string_view(text)); }
  void bind(int position, const std::string& text) { bind(position, std::string_view(text)); }
  template <std::integral Integer>
  void bind(int position, Integer value) {
    bind(position, static_cast<std::int64_t>(value));
  }
  template <class Value>
  void bind(int position, const std::optional<Value>& value) {
    value ? bind(position, *value) : bind(position, nullptr);
  }
  void bind(int position, const Blob& blob);
  /// Numbers, texts and NULL as themselves, booleans as 0 and 1, objects and lists as their canonical text.
  void bind(int position, const Any& any);

  /// Binds these from position 1 and makes the statement ready to step.
  template <class... Values>
  Statement& with(const Values&... values) {
    reset();
    int position = 0;
    (bind(++position, values), ...);
    return *this;
  }
  /// The same, and runs it to the end.
  template <class... Values>
  void run(const Values&... values) {
    with(values...);
    finish();
  }
  /// The same, for a statement whose first row's first column is an integer.
  template <class... Values>
  std::int64_t run_for_id(const Values&... values) {
    with(values...);
    const auto id = step() ? integer(0) : 0;
    finish();
    return id;
  }

  /// Steps on; false at the end.
  bool step();
  int parameters() const;
  int columns() const;
  std::string name(int column) const;
  bool is_blob(int column) const;
  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  // or the bytes of a blob; valid until the next step
  /// As JSON: blobs are binary values, infinite reals their text.
  nlohmann::json value(int column) const;

 private:
  void finish();
  void check(int result) const;

  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

enum class Access { Read, Write };

/// An open database. A damaged file throws LedgerUnavailable, any other failure Error with SQLite's message.
class Database {
 public:
  Database(const std::filesystem::path& file, Access access);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs statements that yield nothing, separated by semicolons.
  void execute(std::string_view sql);
  /// The statement of that text, prepared once.
  Statement& prepared(std::string_view sql);
  /// A statement of someone else's making; throws Error when it holds none or more than one.
  std::unique_ptr<Statement> prepare_single(std::string_view sql);
  std::int64_t integer(std::string_view sql);

  /// From now on SQLite's authoriser refuses whatever does more than read.
  void allow_reading_only();
  /// Ends the statement that is running, from any thread.
  void interrupt();

 private:
  sqlite3* database_ = nullptr;
  std::map<std::string, std::unique_ptr<Statement>, std::less<>> prepared_;
};

/// Rolls back at the end of its scope, unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace ablate::sqlite
