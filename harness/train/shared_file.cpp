#include "harness/train/shared_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace ablate::training {

SharedFile::SharedFile(const std::filesystem::path& path)
    : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {}

SharedFile::~SharedFile() {
  if (is_open()) ::close(descriptor_);
}

bool SharedFile::try_lock() const {
  return ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
}

}  // namespace ablate::training
