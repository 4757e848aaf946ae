#pragma once

#include <cstddef>
#include <functional>

namespace ablate {

/// Calls work(i) for every i in 0..n-1, spread over the machine's cores. `work` must not throw.
void for_each_index(std::size_t n, const std::function<void(std::size_t)>& work);

}  // namespace ablate
