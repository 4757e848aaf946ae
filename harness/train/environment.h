#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ablate::training {

/// Sets LibTorch's threads and flushes denormals to zero, for the whole process; returns what became of the
/// denormals: "flushed" or "kept".
const char* configure_process(int threads);

/// The caller's record (commit, dirty) with what was found here: libtorch, compiler, cpu, isa, denormals,
/// threads, os.
nlohmann::json complete_environment(nlohmann::json given, const char* denormals, int threads);

/// This machine's name.
std::string host_name();

}  // namespace ablate::training
