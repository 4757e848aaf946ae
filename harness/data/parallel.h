#pragma once

#include <cstddef>
#include <functional>

namespace ablate {

/// Calls work(i) for every i in 0..n-1, spread over the machine's cores; what it throws ends the rest and is
/// thrown here.
void for_each_index(std::size_t n, const std::function<void(std::size_t)>& work);

}  // namespace ablate
