#include "harness/train/log.h"

#include <fmt/format.h>

#include <ctime>

#include "harness/core/problems.h"

namespace ablate::training {

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[sizeof "2000-01-01T00:00:00Z"];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

Log::Log(const std::filesystem::path& folder) : file_(folder / "log.txt", std::ios::app) {
  if (!file_) throw Error(fmt::format("{}: cannot be written", (folder / "log.txt").string()));
}

void Log::say(const std::string& message) {
  file_ << now() << ' ' << message << std::endl;
}

}  // namespace ablate::training
