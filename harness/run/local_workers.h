#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/run/lock.h"

namespace ablate {

/// How a worker ended.
struct WorkerExit {
  std::string trajectory;
  int status = 0;
  int signal = 0;       // that killed it, or 0
  std::string printed;  // the last 4 kB of what this worker printed
  std::int64_t peak_bytes = 0;
  double seconds = 0;
};

/// Workers as processes of this machine. They die with the coordinator: use it from the main thread only.
class LocalWorkers {
 public:
  LocalWorkers() = default;
  LocalWorkers(const LocalWorkers&) = delete;
  LocalWorkers& operator=(const LocalWorkers&) = delete;

  /// Starts this very program on a folder whose lock the caller took; the lock goes to the worker. Returns
  /// its pid.
  int start(const std::string& trajectory, const std::filesystem::path& folder, FolderLock lock);
  /// Those that ended since the last call.
  std::vector<WorkerExit> reap();
  void signal_all(int signal) const;
  std::size_t running() const { return workers_.size(); }

 private:
  struct Worker {
    std::string trajectory;
    std::filesystem::path log;
    std::uintmax_t log_start = 0;  // what the log held before
    std::chrono::steady_clock::time_point started;
  };
  std::map<pid_t, Worker> workers_;
};

}  // namespace ablate
