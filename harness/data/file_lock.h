#pragma once

#include <filesystem>

namespace ablate {

/// Holds an exclusive lock (flock) on a file, made if absent, as long as it lives; waits for whoever holds
/// it.
class FileLock {
 public:
  /// Throws Error.
  explicit FileLock(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int file_ = -1;
};

}  // namespace ablate
