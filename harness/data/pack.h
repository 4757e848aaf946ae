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

/// A data set in one file, memory-mapped read-only by every worker: decoded bytes for small images, JPEG or PNG bytes for
/// large ones.
class PackedData {
 public:
  /// Throws Error when the file is damaged or of another version.
  static std::unique_ptr<PackedData> open(const std::filesystem::path& path);
  virtual ~PackedData() = default;

  virtual const std::string& fingerprint() const = 0;
  virtual const std::vector<std::string>& classes() const = 0;
  virtual std::size_t size() const = 0;
  virtual Split split(std::size_t index) const = 0;
  virtual int label(std::size_t index) const = 0;
  virtual std::string_view path(std::size_t index) const = 0;
  virtual Image image(std::size_t index) const = 0;  // decoded
  virtual std::size_t skipped() const = 0;           // unreadable images left out
};

/// SHA-256 over split, class, relative path and stored bytes of every image, in order.
/// Looked up in `store/data/index.json` by the source's stamp when it was computed before.
struct PackResult {
  std::string fingerprint;
  std::filesystem::path file;       // store/data/<fingerprint>.pack
  std::vector<std::string> classes;
  std::size_t train = 0, test = 0, skipped = 0;
  std::vector<std::string> messages;  // what was skipped and why
};

/// Reads the source once, checks every image, writes the pack unless it is there already. One writer at a time (a lock in
/// store/data). Throws Error that names the first unreadable images unless the settings say to skip them.
PackResult pack(const DataEntry& entry, const nlohmann::json& settings, const std::filesystem::path& store);

/// The fingerprint if it is known without reading the images (an unchanged stamp in the store's index), else "".
std::string known_fingerprint(const DataEntry& entry, const nlohmann::json& settings, const std::filesystem::path& store,
                              int* classes = nullptr);

/// Indices of the images of each part, in the order of the pack. The validation part is taken from the training images by the
/// smallest SHA-256 of their paths, per class in equal shares as far as they go, and never depends on the seed.
struct Parts {
  std::vector<std::uint32_t> train, validation, test;
};
Parts parts_of(const PackedData& data, const DataOptions& options);

}  // namespace ablate
