#include "harness/run/ledger_feed.h"

#include <algorithm>
#include <vector>

#include "harness/core/journal.h"
#include "harness/run/folder_state.h"
#include "harness/run/lock.h"

namespace ablate {
namespace {

namespace fs = std::filesystem;

/// The files of a folder and its folders with this ending, the oldest first.
std::vector<fs::path> files_by_age(const fs::path& folder, const std::string& ending) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  if (fs::exists(folder))
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.is_regular_file() && entry.path().extension() == ending)
        found.emplace_back(entry.last_write_time(), entry.path());
  std::sort(found.begin(), found.end());
  std::vector<fs::path> files;
  for (auto& [time, file] : found) files.push_back(std::move(file));
  return files;
}

}  // namespace

bool LedgerFeed::acquire() {
  if (ledger_) return true;
  try {
    ledger_ = Ledger::open(store_.ledger(), Ledger::Mode::Write);
  } catch (const LedgerBusy&) {
    return false;
  }
  return true;
}

bool LedgerFeed::changed(const fs::path& file, bool running) {
  std::error_code absent;
  const Stamp now{fs::file_size(file, absent), fs::last_write_time(file, absent), running};
  if (absent) return false;
  const auto known = seen_.find(file);
  if (known != seen_.end() && known->second == now) return false;
  seen_[file] = now;
  return true;
}

void LedgerFeed::sync() {
  if (!acquire()) return;
  for (const auto& file : files_by_age(store_.root() / "sweeps", ".json"))
    if (changed(file)) ledger_->add_sweep(nlohmann::json::parse(read_file(file)));
  for (const auto& trajectory : stored_trajectories(store_)) {
    // A journal that does not end says something else once its worker is gone.
    const bool running = is_locked(store_.run(trajectory));
    const auto file = store_.run(trajectory) / "journal.jsonl";
    if (!changed(file, running)) continue;
    const auto journal = read_journal(file);
    if (!journal.empty()) ledger_->fold(trajectory, journal, running);
  }
  for (const auto& file : files_by_age(store_.coordinators(), ".jsonl"))
    if (changed(file)) ledger_->fold_coordinator(read_journal(file));
}

}  // namespace ablate
