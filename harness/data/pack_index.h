#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "harness/data/catalogue.h"

namespace ablate {

/// `index.json` of a folder of packs: which fingerprint a source had when its files were last read. Only a
/// memory: when it is lost or damaged, sources are read again.
class PackIndex {
 public:
  struct Known {
    std::string fingerprint;
    std::size_t skipped = 0;  // unreadable images left out of it
  };

  explicit PackIndex(const std::filesystem::path& folder) : file_(folder / "index.json") {}

  std::optional<Known> find(const DataEntry& entry, const std::string& stamp) const;
  /// The caller holds the folder's lock. Throws Error.
  void add(const DataEntry& entry, const std::string& stamp, const Known& known) const;

 private:
  std::filesystem::path file_;
};

}  // namespace ablate
