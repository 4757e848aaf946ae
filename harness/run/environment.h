#pragma once

#include <nlohmann/json_fwd.hpp>

namespace ablate {

/// {commit, dirty, compiler, libtorch, cpu, isa, kernels, denormals, threads, kernel_threads, os}: what may
/// change bits without being in a key, and what explains a speed. Sets LibTorch up for so many threads, since
/// that decides some of it.
nlohmann::json environment(int libtorch_threads);

/// True when two environments would compute the same bits.
bool same_environment(const nlohmann::json& a, const nlohmann::json& b);

}  // namespace ablate
