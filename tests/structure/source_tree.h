#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace ablate::structure {

/// The sources of the project as the tests of this folder see them. Paths are relative to the root, with '/'.
struct SourceTree {
  std::map<std::string, std::string> texts;                  // every text file of the project
  std::map<std::string, std::vector<std::string>> includes;  // of every .h and .cpp, as written

  /// What a file includes, directly or through headers of the project, itself included.
  std::set<std::string> reach(const std::string& file) const;
};

/// Reads the tree under `root` once.
const SourceTree& source_tree();

bool is_code(const std::string& file);

}  // namespace ablate::structure
