#include "harness/data/file_stamp.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "harness/core/problems.h"

namespace ablate {

std::string file_stamp(const std::filesystem::path& root, const std::string& relative) {
  struct stat status {};
  const auto file = root / relative;
  if (::stat(file.c_str(), &status) != 0)
    throw Error(fmt::format("{}: cannot be read: {}", file.string(), std::strerror(errno)));
  return fmt::format("{} {} {}.{:09}\n", relative, std::int64_t(status.st_size),
                     std::int64_t(status.st_mtim.tv_sec), std::int64_t(status.st_mtim.tv_nsec));
}

}  // namespace ablate
