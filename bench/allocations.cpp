#include "bench/allocations.h"

#include <jemalloc/jemalloc.h>
#include <sys/resource.h>

#include <string>

#include "harness/core/problems.h"

namespace ablate {
namespace {

std::uint64_t statistic(const std::string& name) {
  std::uint64_t value = 0;
  auto size = sizeof value;
  if (mallctl(name.c_str(), &value, &size, nullptr, 0) != 0) throw Error("jemalloc has no " + name);
  return value;
}

}  // namespace

Allocations allocations_so_far() {
  // Counts of blocks are gathered when a thread's cache is emptied, and read as of the last epoch.
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  std::uint64_t epoch = 1;
  mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);
  const auto arenas = "stats.arenas." + std::to_string(MALLCTL_ARENAS_ALL);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {statistic("thread.allocated"), statistic(arenas + ".small.nrequests"),
          statistic(arenas + ".large.nrequests"), std::uint64_t(usage.ru_minflt)};
}

}  // namespace ablate
