#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/core/problems.h"

namespace ablate {

/// Another process holds the ledger's lock, or the file is damaged: exit status 6.
class LedgerUnavailable : public Error {
 public:
  using Error::Error;
};

/// Another process holds the ledger's lock: all is well, and it can be tried again.
class LedgerBusy : public LedgerUnavailable {
 public:
  using LedgerUnavailable::LedgerUnavailable;
};

/// The SQLite ledger of a store: derived from sweeps, journals and coordinators' journals, and rebuildable
/// from them. A damaged file throws LedgerUnavailable, wherever that shows.
class Ledger {
 public:
  enum class Mode { Read, Write };
  /// Write: creates or migrates, and holds `<file>.lock` for its life; throws LedgerUnavailable when another
  /// process writes, Error on a network file system, whose locks SQLite cannot trust. Read: the file must
  /// exist.
  static std::unique_ptr<Ledger> open(const std::filesystem::path& file, Mode mode);
  virtual ~Ledger() = default;

  /// Records a sweep: its tables, arms and which runs they are (the JSON of sweeps/<name>/<digest>.json). The
  /// one added last is the newest of its name.
  virtual void add_sweep(const nlohmann::json& sweep) = 0;
  /// Folds a trajectory's journal in, replacing what it held of those runs: `journal` as read by
  /// read_journal. A journal that does not end has crashed, unless `running` says that its lock is held.
  virtual void fold(const std::string& trajectory, const std::vector<nlohmann::json>& journal,
                    bool running = false) = 0;
  /// Folds a coordinator's journal in (exits and stderr tails of attempts, what was blocked).
  virtual void fold_coordinator(const std::vector<nlohmann::json>& journal) = 0;

  /// Result of a read-only statement: names of columns, and rows. Blobs are binary JSON values.
  struct Rows {
    std::vector<std::string> columns;
    std::vector<std::vector<nlohmann::json>> rows;
  };
  /// Anything but reading is refused by SQLite's authoriser, not by looking at the text. Throws Error with
  /// SQLite's message.
  virtual Rows query(const std::string& sql, const std::vector<nlohmann::json>& parameters = {}) = 0;
  /// While it lives, all that is read is of one moment, whatever another process writes meanwhile.
  class Snapshot {
   public:
    virtual ~Snapshot() = default;
  };
  virtual std::unique_ptr<Snapshot> snapshot() = 0;
  /// Ends a query that is running, from another thread: it throws.
  virtual void interrupt() = 0;
  /// Every deterministic table in a fixed order, as text: equal for equal results.
  virtual std::string dump() = 0;
  /// The SHA-256 of the dump, made without holding it in memory.
  virtual std::string digest() = 0;
};

}  // namespace ablate
