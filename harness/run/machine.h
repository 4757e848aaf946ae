#pragma once

#include <cstdint>

namespace ablate {

/// Cores that this process may use.
int usable_cores();

/// Bytes of memory that are free for more processes, as far as the system and a container's limit allow.
std::int64_t available_memory();

}  // namespace ablate
