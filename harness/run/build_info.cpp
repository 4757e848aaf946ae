#include "harness/run/build_info.h"

#include "ablate_build_info.h"

namespace ablate {

BuildInfo build_info() {
  return {kBuildVersion, kBuildCommit, kBuildDirty, kBuildCompiler, kBuildLibTorch};
}

}  // namespace ablate
