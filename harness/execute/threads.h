#pragma once

#include "harness/kernels/maps.h"

namespace ablate {

/// Threads of the fused executor's kernels, for the whole process; 1 at first. Results do not depend on them.
void set_kernel_threads(int threads);
int kernel_threads();

namespace fusion {

/// Calls on that many threads.
const kernels::ForEach& threads();

}  // namespace fusion
}  // namespace ablate
