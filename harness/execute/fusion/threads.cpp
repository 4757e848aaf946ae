#include "harness/execute/threads.h"

#include <atomic>

namespace ablate {
namespace {

std::atomic<int> chosen{1};

}  // namespace

void set_kernel_threads(int threads) {
  chosen = threads;
}

int kernel_threads() {
  return chosen;
}

namespace fusion {

const kernels::ForEach& threads() {
  static const kernels::ForEach each = [](std::int64_t count, const std::function<void(std::int64_t)>& body) {
    const int threads = kernel_threads();
    if (threads == 1) return kernels::in_order(count, body);
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
    for (std::int64_t i = 0; i < count; ++i) body(i);
  };
  return each;
}

}  // namespace fusion
}  // namespace ablate
