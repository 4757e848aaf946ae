#include "harness/train/cache_budget.h"

#include <algorithm>
#include <vector>

namespace ablate::training {
namespace {

namespace fs = std::filesystem;

struct Entry {
  fs::path folder;
  fs::file_time_type asked;
  std::int64_t bytes = 0;
  bool exact = false;  // may be computed anew at any time
};

/// Other processes add and remove entries meanwhile: what is gone counts nothing.
Entry look_at(const fs::path& folder) {
  std::error_code gone;
  Entry entry{folder, fs::last_write_time(folder, gone)};
  for (fs::directory_iterator file(folder, gone), end; !gone && file != end; file.increment(gone)) {
    const auto bytes = file->file_size(gone);
    if (!gone) entry.bytes += std::int64_t(bytes);
    entry.exact |= file->path().extension() == ".f32";
  }
  return entry;
}

std::vector<Entry> entries_of(const fs::path& cache) {
  std::vector<Entry> entries;
  std::error_code gone;
  for (fs::directory_iterator folder(cache, gone), end; !gone && folder != end; folder.increment(gone))
    if (folder->is_directory(gone)) entries.push_back(look_at(folder->path()));
  std::ranges::sort(entries, {}, &Entry::asked);
  return entries;
}

}  // namespace

bool make_room(const fs::path& cache, const std::string& entry, std::int64_t needed, std::int64_t budget) {
  auto entries = entries_of(cache);
  std::int64_t total = needed, fixed = needed;
  std::erase_if(entries, [&](const Entry& known) { return known.folder.filename() == entry; });
  for (const auto& known : entries) {
    total += known.bytes;
    if (!known.exact) fixed += known.bytes;
  }
  if (fixed > budget) return false;
  std::error_code gone;
  for (const auto& known : entries) {
    if (total <= budget) break;
    if (!known.exact) continue;
    fs::remove_all(known.folder, gone);
    total -= known.bytes;
  }
  fs::create_directories(cache / entry, gone);
  fs::last_write_time(cache / entry, fs::file_time_type::clock::now(), gone);
  return true;
}

}  // namespace ablate::training
