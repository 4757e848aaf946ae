#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/data/catalogue.h"

namespace ablate {

/// How one of the CIFAR sets lies in its binary files: records of some label bytes, then 32 x 32 bytes each
/// of red, green and blue, rows first. The number of records follows from a file's length.
struct CifarLayout {
  std::string folder;  // of the official archive
  std::vector<std::string> train_files;
  std::string test_file;
  std::string names_file;  // a class name a line
  int classes = 10;
  int label_bytes = 1;
  int label_at = 0;  // which of them counts
};

/// Opens the set at `path`, or in the archive's own folder below it. Throws Error when a file is missing, has
/// a length that is no whole number of records, or names too few or too many classes.
std::unique_ptr<DataSource> open_cifar(const std::filesystem::path& path, const CifarLayout& layout);

}  // namespace ablate
