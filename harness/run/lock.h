#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace ablate {

/// A process that cannot be mistaken for a later one with the same number.
struct ProcessId {
  int pid = 0;
  std::uint64_t started = 0;  // clock ticks since the machine's start, as /proc tells

  bool operator==(const ProcessId&) const = default;
};

/// The calling process.
ProcessId this_process();
/// True while that very process exists (a zombie does not count).
bool alive(const ProcessId& process);
/// Sends a signal to that very process; false when it is gone.
bool send_signal(const ProcessId& process, int signal);

/// Who holds a folder, as written into its lock file.
struct LockHolder {
  std::string host;
  ProcessId process;
  ProcessId parent;  // the coordinator that started it
};

/// The exclusive lock of a trajectory's folder. Nobody writes there without it. It goes with the open file: a
/// child that inherits the descriptor holds it after its parent is gone.
class FolderLock {
 public:
  /// Nothing when another process holds it. The folder must exist. Throws Error when the file cannot be made.
  static std::optional<FolderLock> try_take(const std::filesystem::path& folder);
  /// The lock that a parent took and handed over.
  static FolderLock adopt(int descriptor);

  FolderLock(FolderLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

  int descriptor() const { return file_; }
  /// Writes the calling process into the file.
  void sign() const;
  /// Tells other hosts that the holder lives.
  void touch() const;

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_ = -1;
};

/// True while some process holds the folder's lock.
bool is_locked(const std::filesystem::path& folder);
/// What the lock file says of its last holder; nothing when it says nothing.
std::optional<LockHolder> lock_holder(const std::filesystem::path& folder);
/// Seconds since the holder last touched the lock file.
double lock_age(const std::filesystem::path& folder);

/// This machine's name.
std::string host_name();

}  // namespace ablate
