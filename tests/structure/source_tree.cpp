#include "tests/structure/source_tree.h"

#include <sstream>

#include "harness/core/journal.h"

namespace ablate::structure {
namespace {

namespace fs = std::filesystem;

/// Where the project's own files lie; build folders and stores beside them are nobody's business.
constexpr const char* kFolders[] = {".ci",         "backbones", "bench",   "cmake",  "docs", "harness",
                                    "ingredients", "results",   "scripts", "sweeps", "tests"};

std::vector<std::string> included_by(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("#include ")) continue;
    const auto open = line.find_first_of("<\""), close = line.find_last_of(">\"");
    if (open != std::string::npos && close > open) names.push_back(line.substr(open + 1, close - open - 1));
  }
  return names;
}

void add(SourceTree& tree, const fs::path& root, const fs::path& file) {
  auto text = read_file(file);
  if (text.find('\0') != std::string::npos) return;  // images and weights among the tests' data
  const auto name = file.lexically_relative(root).generic_string();
  if (is_code(name)) tree.includes[name] = included_by(text);
  tree.texts[name] = std::move(text);
}

SourceTree read_tree(const fs::path& root) {
  SourceTree tree;
  for (const auto* folder : kFolders) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder))
      if (entry.is_regular_file()) add(tree, root, entry.path());
  }
  for (const auto& entry : fs::directory_iterator(root))
    if (entry.is_regular_file()) add(tree, root, entry.path());
  return tree;
}

}  // namespace

std::set<std::string> SourceTree::reach(const std::string& file) const {
  std::set<std::string> reached{file};
  std::vector<std::string> open{file};
  while (!open.empty()) {
    const auto found = includes.find(open.back());
    open.pop_back();
    if (found == includes.end()) continue;  // of another project
    for (const auto& name : found->second)
      if (reached.insert(name).second) open.push_back(name);
  }
  return reached;
}

const SourceTree& source_tree() {
  static const auto tree = read_tree(ABLATE_TEST_ROOT);
  return tree;
}

bool is_code(const std::string& file) {
  return file.ends_with(".h") || file.ends_with(".cpp");
}

}  // namespace ablate::structure
