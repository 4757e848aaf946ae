#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <tuple>

#include "harness/run/store.h"
#include "results/ledger.h"

namespace ablate {

/// Folds a store's sweeps and journals into its ledger as they grow, whoever writes them. Only one process
/// does this at a time; others leave it to that one.
class LedgerFeed {
 public:
  explicit LedgerFeed(const Store& store) : store_(store) {}

  /// True once this process is the one that writes the ledger. Throws LedgerUnavailable when the file is
  /// damaged.
  bool acquire();
  bool acquired() const { return ledger_ != nullptr; }
  /// Folds in what changed since the last call; nothing while another process writes the ledger.
  void sync();

 private:
  using Stamp = std::tuple<std::uintmax_t, std::filesystem::file_time_type, bool>;
  /// True when the file is new or has changed since it was last asked about.
  bool changed(const std::filesystem::path& file, bool running = false);

  Store store_;
  std::unique_ptr<Ledger> ledger_;
  std::map<std::filesystem::path, Stamp> seen_;
};

}  // namespace ablate
