#pragma once

#include <string>

namespace ablate {

/// What this program was made from.
struct BuildInfo {
  std::string version;   // "0.1.0"
  std::string commit;    // "" outside a repository
  bool dirty = false;    // built from a tree with changes that are in no commit
  std::string compiler;  // "GNU 12.2.0"
  std::string libtorch;  // "2.13.0"
};
BuildInfo build_info();

}  // namespace ablate
