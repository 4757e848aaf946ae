#include "harness/data/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/core/problems.h"

namespace ablate {
namespace {

[[noreturn]] void cannot_map(const std::filesystem::path& path) {
  throw Error(fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) cannot_map(path);
  struct stat status {};
  bool good = ::fstat(file, &status) == 0;
  size_ = std::size_t(status.st_size);
  if (good && size_ > 0) {
    data_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file, 0);
    good = data_ != MAP_FAILED;
  }
  const int reason = errno;
  ::close(file);
  errno = reason;
  if (!good) cannot_map(path);
}

MappedFile::~MappedFile() {
  if (size_ > 0) ::munmap(data_, size_);
}

}  // namespace ablate
