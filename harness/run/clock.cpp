#include "harness/run/clock.h"

#include <ctime>

#include <fmt/format.h>

namespace ablate {
namespace {

std::string formatted(const char* pattern) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, pattern, &parts)};
}

}  // namespace

std::string utc_now() {
  return formatted("%Y-%m-%dT%H:%M:%SZ");
}

std::string utc_stamp() {
  return formatted("%Y%m%dT%H%M%SZ");
}

std::string spoken_seconds(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace ablate
