#include "results/rebuild.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "harness/core/journal.h"
#include "results/lock.h"

namespace ablate {
namespace {

namespace fs = std::filesystem;

/// Sorted, so that rebuilding twice does the same things in the same order; empty where there is no such
/// folder.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// True while a worker holds the lock of its folder.
bool is_running(const fs::path& run) {
  const int file = open((run / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool held = flock(file, LOCK_SH | LOCK_NB) != 0;
  close(file);
  return held;
}

class Folder {
 public:
  Folder(Ledger& ledger, const fs::path& store) : ledger_(ledger), store_(store) {}

  std::vector<std::string> fold() {
    read_coordinators();
    add_sweeps();
    for (const auto& run : entries(store_ / "runs"))
      attempt(run / "journal.jsonl", [&] {
        const auto journal = read_journal(run / "journal.jsonl");
        if (!journal.empty()) ledger_.fold(run.filename(), journal, is_running(run));
      });
    for (const auto& [path, journal] : coordinators_)
      attempt(path, [&] { ledger_.fold_coordinator(journal); });
    return std::move(problems_);
  }

 private:
  template <class F>
  void attempt(const fs::path& path, F&& work) {
    try {
      work();
    } catch (const LedgerUnavailable&) {
      throw;
    } catch (const std::exception& e) {
      problems_.push_back(fmt::format("{}: {}", path.string(), e.what()));
    }
  }

  void read_coordinators() {
    for (const auto& path : entries(store_ / "coordinators"))
      attempt(path, [&] { coordinators_.emplace_back(path, read_journal(path)); });
  }

  /// Those used last come last: what a coordinator wrote decides, else the file's own time.
  void add_sweeps() {
    std::map<std::string, std::string> used;  // digest -> time
    for (const auto& [path, journal] : coordinators_)
      for (const auto& line : journal)
        if (line.value("type", "") == "begin") {
          auto& time = used[line.value("digest", "")];
          time = std::max(time, line.value("time", ""));
        }
    std::vector<std::tuple<std::string, fs::file_time_type, fs::path>> sweeps;
    for (const auto& name : entries(store_ / "sweeps"))
      for (const auto& path : entries(name))
        if (path.extension() == ".json")
          sweeps.emplace_back(used[path.stem()], fs::last_write_time(path), path);
    std::sort(sweeps.begin(), sweeps.end());
    for (const auto& [time, written, path] : sweeps)
      attempt(path, [&] { ledger_.add_sweep(nlohmann::json::parse(read_file(path))); });
  }

  Ledger& ledger_;
  const fs::path store_;
  std::vector<std::pair<fs::path, std::vector<nlohmann::json>>> coordinators_;
  std::vector<std::string> problems_;
};

void remove_database(const fs::path& file) {
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(file.string() + suffix);
}

}  // namespace

std::vector<std::string> fold_store(Ledger& ledger, const fs::path& store) {
  return Folder(ledger, store).fold();
}

std::vector<std::string> rebuild_ledger(const fs::path& store, const fs::path& file) {
  const WriterLock lock(file);
  const fs::path fresh = file.string() + ".rebuilt";
  remove_database(fresh);
  auto problems =
      fold_store(*Ledger::open(fresh, Ledger::Mode::Write), store);  // closed here: its log is folded in
  remove_database(file);
  fs::rename(fresh, file);
  fs::remove(fresh.string() + ".lock");
  return problems;
}

}  // namespace ablate
