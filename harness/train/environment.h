#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ablate::training {

/// Sets LibTorch's threads and flushes denormals to zero, for the whole process; returns what became of the
/// denormals: "flushed" or "kept".
const char* configure_process(int libtorch_threads);

/// The caller's record (commit, dirty) with what was found here: libtorch, compiler, cpu, isa (LibTorch's),
/// kernels (the instruction set of own ones), denormals, threads (LibTorch's), kernel_threads, os.
nlohmann::json complete_environment(nlohmann::json given, const char* denormals);

/// This machine's name.
std::string host_name();

}  // namespace ablate::training
