#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "harness/core/problems.h"

namespace ablate {

/// A folder that goes with the program.
class ScratchFolder {
 public:
  ScratchFolder() : path_((std::filesystem::temp_directory_path() / "ablate-bench-XXXXXX").string()) {
    if (!::mkdtemp(path_.data())) throw Error("cannot make a folder in " + path_);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::filesystem::path path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace ablate
