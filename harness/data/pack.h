#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "harness/data/catalogue.h"
#include "harness/data/image.h"

namespace ablate {

/// A data set in one file, memory-mapped read-only by every worker: decoded bytes for images of at most 64 x
/// 64 pixels, JPEG or PNG bytes for larger ones. May be read from several threads at once.
class PackedData {
 public:
  /// Throws Error when the file is truncated, its index damaged, or of another version.
  static std::unique_ptr<PackedData> open(const std::filesystem::path& path);
  virtual ~PackedData() = default;

  virtual const std::string& fingerprint() const = 0;
  virtual const std::vector<std::string>& classes() const = 0;
  virtual std::size_t size() const = 0;
  virtual Split split(std::size_t index) const = 0;
  virtual int label(std::size_t index) const = 0;
  virtual std::string_view path(std::size_t index) const = 0;
  /// Decoded. Throws Error when its bytes are not those that were written.
  virtual Image image(std::size_t index) const = 0;
  virtual std::size_t skipped() const = 0;                       // unreadable images left out
  virtual const std::vector<std::string>& messages() const = 0;  // what was skipped and why
};

/// What a packed data set holds.
struct PackResult {
  std::string fingerprint;  // SHA-256 over class names, then split, class, relative path and stored bytes of
                            // each image
  std::filesystem::path file;  // store/data/<fingerprint>.pack
  std::vector<std::string> classes;
  std::size_t train = 0, test = 0, skipped = 0;
  std::vector<std::string> messages;  // what was skipped and why
};

/// Reads the source once, checks every image, writes the pack unless it is there already (an unchanged stamp
/// in store/data/index.json saves the reading). One writer at a time (a lock in store/data). Throws Error
/// that names the first unreadable images unless the settings say to skip them.
PackResult pack(const DataEntry& entry, const nlohmann::json& settings, const std::filesystem::path& store);

/// The fingerprint if it is known without reading images from disk (an unchanged stamp in the store's index,
/// or a set that is drawn from its settings), else "". Writes nothing. Throws Error when the set cannot be
/// opened.
std::string known_fingerprint(const DataEntry& entry, const nlohmann::json& settings,
                              const std::filesystem::path& store, int* classes = nullptr);

/// Indices of the images of each part, in the order of the pack.
struct Parts {
  std::vector<std::uint32_t> train, validation, test;
};

/// The validation part is taken from the training images by the smallest SHA-256 of their paths, per class in
/// equal shares as far as they go, the subset from the next smallest; neither depends on the seed. Throws
/// Error when there are too few.
Parts parts_of(const PackedData& data, const DataOptions& options);

}  // namespace ablate
