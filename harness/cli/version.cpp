#include <dlfcn.h>
#include <sys/types.h>

#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "harness/cli/command.h"
#include "harness/cli/command_line.h"
#include "harness/run/build_info.h"
#include "harness/run/environment.h"

namespace ablate::cli {
namespace {

/// The library whose malloc this process really uses.
std::string allocator() {
  Dl_info found{};
  void* address = dlsym(RTLD_DEFAULT, "malloc");
  if (!address || dladdr(address, &found) == 0) return "unknown";
  return found.dli_fname;
}

/// An option as jemalloc itself reports it; other allocators have none.
std::string decay(const char* name) {
  using Control = int (*)(const char*, void*, std::size_t*, void*, std::size_t);
  const auto control = reinterpret_cast<Control>(dlsym(RTLD_DEFAULT, "mallctl"));
  ssize_t milliseconds = 0;
  std::size_t size = sizeof milliseconds;
  return control && control(name, &milliseconds, &size, nullptr, 0) == 0 ? std::to_string(milliseconds)
                                                                         : "unknown";
}

nlohmann::ordered_json facts() {
  const auto build = build_info();
  const auto here = environment(1);
  return {{"version", build.version},
          {"commit", build.commit.empty() ? "unknown" : build.commit},
          {"dirty", build.dirty},
          {"compiler", here.at("compiler")},
          {"libtorch", here.at("libtorch")},
          {"cpu", here.at("cpu")},
          {"isa", here.at("isa")},
          {"denormals", here.at("denormals")},
          {"os", here.at("os")},
          {"allocator", allocator()},
          {"dirty_decay_ms", decay("opt.dirty_decay_ms")},
          {"muzzy_decay_ms", decay("opt.muzzy_decay_ms")}};
}

}  // namespace

ExitStatus version(const Arguments& arguments) {
  CommandLine line("version [options]", "What this program is, what it was made from and where it runs.");
  line.options()("json", "as JSON");
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  const auto all = facts();
  if (values->count("json") > 0) {
    std::cout << all.dump(1) << '\n';
    return ExitStatus::Done;
  }
  std::cout << "ablate " << all.at("version").get<std::string>() << '\n';
  for (const auto& [name, value] : all.items())
    if (name != "version")
      std::cout << fmt::format("  {:<16}{}\n", name,
                               value.is_string() ? value.get<std::string>() : value.dump());
  return ExitStatus::Done;
}

}  // namespace ablate::cli
