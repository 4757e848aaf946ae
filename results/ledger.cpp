#include "results/ledger.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "harness/core/canonical.h"
#include "results/dump.h"
#include "results/fold.h"
#include "results/lock.h"
#include "results/migrate.h"
#include "results/network_disk.h"
#include "results/sql.h"
#include "results/sqlite.h"
#include "results/sweep.h"

namespace ablate {
namespace {

using sqlite::Any;
using sqlite::Blob;
using sqlite::Transaction;

/// A statement that has begun to read and does not end: SQLite keeps what it sees for the whole connection.
class OpenStatement final : public Ledger::Snapshot {
 public:
  explicit OpenStatement(sqlite::Database& database)
      : statement_(database.prepare_single("SELECT name FROM sqlite_schema")) {
    statement_->step();
  }

 private:
  std::unique_ptr<sqlite::Statement> statement_;
};

/// What two handles on one file share out: one that may write, and one that may only read and answers
/// queries.
class SqliteLedger final : public Ledger {
 public:
  SqliteLedger(const std::filesystem::path& file, Mode mode) {
    if (mode == Mode::Write) {
      lock_.emplace(file);
      writer_ = std::make_unique<sqlite::Database>(file, sqlite::Access::Write);
      prepare_for_writing(*writer_);
    }
    reader_ = std::make_unique<sqlite::Database>(file, sqlite::Access::Read);
    require_newest_schema(*reader_);
    reader_->allow_reading_only();
  }

  void add_sweep(const nlohmann::json& sweep) override {
    Transaction transaction(writer());
    write_sweep(*writer_, sweep);
    if (const auto runs = sweep.find("runs"); runs != sweep.end())
      for (const auto& [key, run] : runs->items()) set_status(run.at("trajectory"));
    transaction.commit();
  }

  void fold(const std::string& trajectory, const std::vector<nlohmann::json>& journal,
            bool running) override {
    const auto folded = fold_journal(trajectory, journal, running);
    Transaction transaction(writer());
    for (const char* forget : {"forget_outcomes", "forget_begun", "forget_metrics", "forget_evaluations",
                               "forget_counters", "forget_costs", "forget_timings"})
      run(forget, trajectory);
    write_runs(trajectory, folded);
    write_attempts(trajectory, folded);
    write_measurements(folded);
    set_status(trajectory);
    transaction.commit();
  }

  void fold_coordinator(const std::vector<nlohmann::json>& journal) override {
    Transaction transaction(writer());
    for (std::size_t i = 0; i < journal.size(); ++i) {
      try {
        take_coordinator_line(journal[i]);
      } catch (const nlohmann::json::exception& e) {
        throw Error(fmt::format("a coordinator's journal: line {}: {}", i + 1, e.what()));
      }
    }
    transaction.commit();
  }

  Rows query(const std::string& sql, const std::vector<nlohmann::json>& parameters) override {
    const auto statement = reader_->prepare_single(sql);
    if (statement->parameters() != static_cast<int>(parameters.size()))
      throw Error(fmt::format("the query has {} parameters, {} were given", statement->parameters(),
                              parameters.size()));
    for (std::size_t i = 0; i < parameters.size(); ++i)
      statement->bind(static_cast<int>(i) + 1, Any{parameters[i]});
    Rows result;
    for (int i = 0; i < statement->columns(); ++i) result.columns.push_back(statement->name(i));
    while (statement->step()) {
      auto& row = result.rows.emplace_back();
      for (int i = 0; i < statement->columns(); ++i) row.push_back(statement->value(i));
    }
    return result;
  }

  std::unique_ptr<Snapshot> snapshot() override { return std::make_unique<OpenStatement>(*reader_); }

  void interrupt() override { reader_->interrupt(); }

  std::string dump() override {
    std::string text;
    dump_ledger(*reader_, [&](std::string_view piece) { text += piece; });
    return text;
  }

  std::string digest() override {
    Digest digest;
    dump_ledger(*reader_, [&](std::string_view piece) { digest.add(piece); });
    return digest.hex();
  }

 private:
  static void prepare_for_writing(sqlite::Database& database) {
    database.integer("PRAGMA journal_mode = WAL");
    database.execute("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
    migrate(database);
    if (database.integer("SELECT count(*) FROM pragma_quick_check(1) WHERE quick_check <> 'ok'") > 0)
      throw LedgerUnavailable("the ledger is damaged: `ablate doctor` rebuilds it from the journals");
  }

  sqlite::Database& writer() {
    if (!writer_) throw Error("the ledger is open for reading only");
    return *writer_;
  }

  template <class... Values>
  void run(const char* statement, const Values&... values) {
    writer_->prepared(sql::statement(statement)).run(values...);
  }

  void take_coordinator_line(const nlohmann::json& line) {
    const auto type = line.value("type", "");
    if (type != "exit" && type != "blocked") return;
    const auto get = [&](const char* name) { return line.value(name, nlohmann::json()); };
    const auto trajectory = line.at("trajectory").get<std::string>(), time = line.value("time", "");
    if (type == "exit")
      run("put_exit", trajectory, line.at("attempt").get<std::int64_t>(), time, Any{get("status")},
          Any{get("signal")}, Any{get("stderr")}, Any{get("seconds")}, Any{get("peak_bytes")});
    else
      run("put_block", trajectory, line.value("because", ""), time);
    set_status(trajectory);
  }

  void set_status(const std::string& trajectory) { run("set_status", trajectory); }

  void write_runs(const std::string& trajectory, const Folded& folded) {
    for (const auto& [key, row] : folded.runs) {
      run("begin_run", key, trajectory, row.spec.value("seed", std::int64_t{0}), Any{row.spec}, row.outcome,
          row.invalid, row.message);
      const bool planned = writer_->prepared(sql::statement("run_has_recipe")).run_for_id(key) != 0;
      if (!planned)
        write_description(*writer_, key, row.spec.value("recipe", nlohmann::json::object()), row.spec);
    }
  }

  void write_attempts(const std::string& trajectory, const Folded& folded) {
    for (const auto& [number, row] : folded.attempts)
      run("insert_begun", trajectory, number, row.started, row.ended, row.seconds, row.peak_bytes, row.host,
          row.pid, Any{row.environment}, row.state, row.message);
  }

  void write_measurements(const Folded& folded) {
    for (const auto& [at, value] : folded.metrics) {
      const auto& [key, epoch, name] = at;
      run("insert_metric", key, epoch, name, value,
          std::isfinite(value) ? std::nullopt : std::optional(shortest(value)));
    }
    for (const auto& [at, row] : folded.evaluations) {
      const auto& [key, epoch, selected_by, split, variant] = at;
      const bool finite = std::isfinite(row.top1) && std::isfinite(row.loss);
      run("insert_evaluation", key, epoch, selected_by, split, variant, row.reported, row.images, row.top1,
          row.top5, row.loss, row.ece, !finite,
          row.correct ? std::optional(Blob{*row.correct}) : std::nullopt);
    }
    for (const auto& [at, value] : folded.counters) run("insert_counter", at.first, at.second, value);
    for (const auto& [at, row] : folded.costs)
      run("insert_cost", at.first, at.second, row.parameters, row.macs, row.bytes);
    for (const auto& [at, row] : folded.timings)
      run("insert_timing", at.first, at.second, row.seconds, row.images, row.library_seconds);
  }

  std::optional<WriterLock> lock_;  // released last
  std::unique_ptr<sqlite::Database> writer_, reader_;
};

}  // namespace

std::unique_ptr<Ledger> Ledger::open(const std::filesystem::path& file, Mode mode) {
  if (mode == Mode::Read && !std::filesystem::exists(file))
    throw Error(fmt::format(
        "there is no ledger {}: `ablate run` makes it, `ablate doctor` rebuilds it from the journals",
        file.string()));
  if (mode == Mode::Write) {
    const auto folder = std::filesystem::absolute(file).parent_path();
    std::filesystem::create_directories(folder);
    if (const auto disk = network_disk(folder); !disk.empty())
      throw Error(fmt::format(
          "the ledger {} lies on a network file system ({}), where SQLite's locks cannot be trusted: "
          "put it on a local disk with --ledger FILE; the store itself may stay where it is",
          file.string(), disk));
  }
  return std::make_unique<SqliteLedger>(file, mode);
}

}  // namespace ablate
