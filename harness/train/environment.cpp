#include "harness/train/environment.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include "harness/execute/threads.h"
#include "harness/kernels/isa.h"

namespace ablate::training {
namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name"))
      if (const auto colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
  return "unknown";
}

std::string operating_system() {
  utsname name{};
  uname(&name);
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

}  // namespace

const char* configure_process(int libtorch_threads) {
  static std::once_flag once;  // LibTorch refuses a second call
  std::call_once(once, [] { at::set_num_interop_threads(1); });
  const bool flushed = at::globalContext().setFlushDenormal(true);
  at::set_num_threads(libtorch_threads);
  return flushed ? "flushed" : "kept";
}

nlohmann::json complete_environment(nlohmann::json given, const char* denormals) {
  if (!given.is_object()) given = nlohmann::json::object();
  given["libtorch"] = TORCH_VERSION;
  given["compiler"] = compiler();
  given["cpu"] = cpu_model();
  given["isa"] = at::get_cpu_capability();
  given["kernels"] = kernels::instruction_set();
  given["denormals"] = denormals;
  given["threads"] = at::get_num_threads();
  given["kernel_threads"] = kernel_threads();
  given["os"] = operating_system();
  return given;
}

std::string host_name() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace ablate::training
