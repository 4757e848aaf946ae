#include "tests/run/sweeps.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "harness/run/lock.h"
#include "results/ledger.h"

namespace ablate::testing_support {
namespace {

namespace fs = std::filesystem;

std::string text_of_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

std::string tiny_sweep() {
  return R"json({
    "name": "tiny",
    "base": {
      "data": {"synthetic": {"train": 384, "test": 64, "validation": 64}},
      "train": {"epochs": 8, "batch": 32},
      "optimizer": {"sgd": {"lr": 0.05}}},
    "backbones": {"R8": {"resnet": {"depth": 8}}},
    "factors": {"loss": {"LS": {"label_smoothing": {}}}, "average": {"EMA": {"ema": {}}}},
    "seeds": 2})json";
}

std::vector<fs::path> run_folders(const fs::path& store) {
  std::vector<fs::path> folders;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(store / "runs", absent)) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::string journals(const fs::path& store) {
  std::string all;
  for (const auto& folder : run_folders(store)) all += text_of_file(folder / "journal.jsonl");
  return all;
}

int occurrences(const std::string& text, const std::string& what) {
  int count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

std::string dump_of(const fs::path& store) {
  return Ledger::open(store / "ledger.db", Ledger::Mode::Read)->dump();
}

int busy_worker(const fs::path& store) {
  for (const auto& folder : run_folders(store)) {
    const auto journal = text_of_file(folder / "journal.jsonl");
    const auto holder = lock_holder(folder);
    const bool midway =
        occurrences(journal, R"("type":"epoch")") > 0 && occurrences(journal, R"("type":"end")") == 0;
    if (midway && holder && alive(holder->process) && is_locked(folder)) return holder->process.pid;
  }
  return 0;
}

}  // namespace ablate::testing_support
