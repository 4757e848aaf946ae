#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

namespace ablate::kernels {

/// Other ways than in_order (harness/kernels/maps.h) to go through the parts of a kernel; none may change a bit.
inline void backwards(std::int64_t count, const std::function<void(std::int64_t)>& body) {
  for (std::int64_t i = count; i-- > 0;) body(i);
}

inline void on_two_threads(std::int64_t count, const std::function<void(std::int64_t)>& body) {
  std::atomic<std::int64_t> next = 0;
  const auto work = [&] {
    for (std::int64_t i; (i = next++) < count;) body(i);
  };
  std::thread other(work);
  work();
  other.join();
}

}  // namespace ablate::kernels
