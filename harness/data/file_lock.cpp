#include "harness/data/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/core/problems.h"

namespace ablate {

FileLock::FileLock(const std::filesystem::path& path) {
  file_ = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
  int result = file_ < 0 ? -1 : 0;
  if (file_ >= 0)
    while ((result = ::flock(file_, LOCK_EX)) != 0 && errno == EINTR) continue;
  if (result == 0) return;
  const int reason = errno;
  if (file_ >= 0) ::close(file_);
  throw Error(fmt::format("{}: cannot be locked: {}", path.string(), std::strerror(reason)));
}

FileLock::~FileLock() {
  ::close(file_);
}

}  // namespace ablate
