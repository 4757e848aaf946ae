#include "harness/run/machine.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace ablate {
namespace {

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

std::int64_t number_in(const char* file) {
  std::ifstream in(file);
  std::int64_t number = 0;
  return in >> number ? number : -1;  // the word "max" included
}

/// What a container's limit leaves, caches that can be dropped not counted.
std::int64_t left_in_container() {
  const auto limit = number_in("/sys/fs/cgroup/memory.max");
  const auto used = number_in("/sys/fs/cgroup/memory.current");
  if (limit < 0 || used < 0) return kUnlimited;
  std::ifstream in("/sys/fs/cgroup/memory.stat");
  std::int64_t droppable = 0, value = 0;
  for (std::string name; in >> name >> value;)
    if (name == "inactive_file") droppable = value;
  return limit - used + droppable;
}

std::int64_t left_in_system() {
  std::ifstream in("/proc/meminfo");
  std::string name, unit;
  for (std::int64_t value = 0; in >> name >> value; std::getline(in, unit))
    if (name == "MemAvailable:") return value * 1024;
  return kUnlimited;
}

}  // namespace

int usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, int(sysconf(_SC_NPROCESSORS_ONLN)));
}

std::int64_t available_memory() {
  return std::min(left_in_container(), left_in_system());
}

}  // namespace ablate
