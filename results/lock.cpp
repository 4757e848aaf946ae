#include "results/lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "results/ledger.h"

namespace ablate {
namespace {

std::string holder(int file) {
  char text[32] = {};
  const auto size = pread(file, text, sizeof text - 1, 0);
  return size > 0 ? "process " + std::string(text, size) : "another process";
}

}  // namespace

WriterLock::WriterLock(const std::filesystem::path& ledger) {
  const auto path = ledger.string() + ".lock";
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_ < 0) throw Error(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    const auto who = holder(file_);
    close(file_);
    if (reason != EWOULDBLOCK) throw Error(fmt::format("cannot lock {}: {}", path, std::strerror(reason)));
    throw LedgerBusy(fmt::format("{} writes the ledger {}: wait for it, or stop it", who, ledger.string()));
  }
  const auto pid = std::to_string(getpid());
  if (ftruncate(file_, 0) != 0 || pwrite(file_, pid.data(), pid.size(), 0) < 0) {
    // the pid is a courtesy; the lock holds without it
  }
}

WriterLock::WriterLock(WriterLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

WriterLock::~WriterLock() {
  if (file_ >= 0) close(file_);
}

}  // namespace ablate
