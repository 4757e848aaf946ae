#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/core/problems.h"
#include "harness/data/catalogue.h"
#include "harness/data/pack.h"

namespace ablate::test {

/// A folder of its own for each test, gone afterwards.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A file of tests/data/files.
std::filesystem::path data_file(const std::string& name);

/// Unpacks an archive of ABLATE_TEST_DATA below `folder`. False, with a message that names what is missing,
/// when it is not there.
bool unpack(const std::string& archive, const std::filesystem::path& folder);

/// Writes a file, its folders included.
void write_test_file(const std::filesystem::path& path, const std::string& content);

/// A valid PNG of that size, all pixels of one colour.
std::string plain_png(int height, int width, int red, int green, int blue);

/// An image folder with two classes, `images` PNGs of 8 x 8 in each of train and test, all different.
void make_image_folder(const std::filesystem::path& root, int images);

/// What opening, reading or packing throws, or "".
template <class F>
std::string error_of(const F& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// Settings of `folder` for a root.
nlohmann::json folder_at(const std::filesystem::path& root);
PackResult pack_set(const std::string& entry, const nlohmann::json& settings,
                    const std::filesystem::path& store);

}  // namespace ablate::test
