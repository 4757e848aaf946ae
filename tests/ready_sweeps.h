#pragma once

#include <algorithm>
#include <filesystem>
#include <vector>

namespace ablate {

/// The sweep files below a folder, in a fixed order: neither recipes nor the schema.
inline std::vector<std::filesystem::path> sweeps_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".json" && entry.path().parent_path().filename() != "recipes" &&
        entry.path().filename() != "sweep.schema.json")
      found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace ablate
