#include "harness/run/environment.h"

#include <nlohmann/json.hpp>

#include "harness/run/build_info.h"
#include "harness/train/environment.h"

namespace ablate {

nlohmann::json environment(int libtorch_threads) {
  const auto build = build_info();
  const char* denormals = training::configure_process(libtorch_threads);
  return training::complete_environment({{"commit", build.commit}, {"dirty", build.dirty}}, denormals);
}

bool same_environment(const nlohmann::json& a, const nlohmann::json& b) {
  for (const char* name : {"commit", "dirty", "compiler", "libtorch", "cpu", "isa", "kernels", "denormals", "threads"})
    if (a.value(name, nlohmann::json()) != b.value(name, nlohmann::json())) return false;
  return true;
}

}  // namespace ablate
