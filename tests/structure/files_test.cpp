#include <algorithm>

#include <gmock/gmock.h>

#include "tests/structure/source_tree.h"

namespace ablate::structure {
namespace {

using testing::IsEmpty;

constexpr long kMostLines = 300;

/// Files that may be longer, and why.
const std::map<std::string, std::string> kLongFiles{};

TEST(Files, AreShortEnoughToRead) {
  std::vector<std::string> wrong;
  for (const auto& [file, text] : source_tree().texts) {
    const auto lines = std::count(text.begin(), text.end(), '\n');
    if (is_code(file) && lines >= kMostLines && !kLongFiles.contains(file))
      wrong.push_back(file + " has " + std::to_string(lines) + " lines");
  }
  EXPECT_THAT(wrong, IsEmpty());
}

TEST(Files, ThatMayBeLongStillAre) {
  for (const auto& [file, reason] : kLongFiles) {
    const auto found = source_tree().texts.find(file);
    ASSERT_NE(found, source_tree().texts.end()) << file;
    EXPECT_GE(std::count(found->second.begin(), found->second.end(), '\n'), kMostLines) << file;
  }
}

TEST(Files, NameNoPlaceOnAMachine) {
  std::vector<std::string> wrong;
  for (const auto& [file, text] : source_tree().texts)
    for (const std::string folder : {"home", "root", "work", "Users", "mnt"})
      for (const auto* before : {"\"", " ", "=", "'", "`", "(", "I"})
        if (text.find(before + ("/" + folder) + "/") != std::string::npos)
          wrong.push_back(file + ": /" + folder);
  EXPECT_THAT(wrong, IsEmpty());
}

TEST(Files, GuardHeadersOnceAndHideNoNamespace) {
  std::vector<std::string> wrong;
  for (const auto& [file, text] : source_tree().texts) {
    if (!file.ends_with(".h")) continue;
    // Those of the kernels are read once an instruction set.
    const auto* guard = file.ends_with("-inl.h") ? "HWY_TARGET_TOGGLE" : "#pragma once\n";
    if (text.find(guard) == std::string::npos) wrong.push_back(file + " lacks " + guard);
    if (text.find("\nusing namespace ") != std::string::npos)
      wrong.push_back(file + " opens a namespace for all");
  }
  EXPECT_THAT(wrong, IsEmpty());
}

}  // namespace
}  // namespace ablate::structure
