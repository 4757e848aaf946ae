#pragma once

#include <cstdint>

namespace ablate {

/// What a process asked of its allocator and of the kernel, so far.
struct Allocations {
  std::uint64_t bytes = 0;   // by this thread
  std::uint64_t small = 0;   // blocks by all threads
  std::uint64_t large = 0;   // likewise, of more than some 14 KB
  std::uint64_t faults = 0;  // pages that had to be filled in
};

/// By jemalloc's statistics.
Allocations allocations_so_far();

}  // namespace ablate
