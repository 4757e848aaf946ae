#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "harness/core/tree.h"

/// libFuzzer: whatever the bytes, the reader gives a value or says why not, and what it read can be written
/// and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ablate::Problems problems;
  const auto tree = ablate::read_json({reinterpret_cast<const char*>(data), size}, "fuzz", problems);
  if (!tree && problems.ok()) std::abort();
  if (!tree || !problems.ok()) return 0;
  const auto value = ablate::to_json(*tree);
  const auto again = ablate::read_json(value.dump(), "again", problems);
  if (!again || ablate::to_json(*again) != value) std::abort();
  return 0;
}
