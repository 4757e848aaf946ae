#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "harness/data/pack_format.h"

namespace ablate {

/// Writes a pack beside its place; nothing is there under its final name before `finish`.
class PackWriter {
 public:
  /// Throws Error, as all below.
  explicit PackWriter(const std::filesystem::path& temporary);
  /// Removes the temporary file unless it was finished.
  ~PackWriter();
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;

  /// `record` says label, split and size; places and hash are filled in here.
  void add(PackRecord record, std::string_view path, std::string_view bytes);
  /// Writes the tail, syncs, and renames.
  void finish(const nlohmann::json& description, const std::filesystem::path& final_path);

 private:
  void write(std::string_view bytes);
  void flush();
  [[noreturn]] void fail() const;

  std::filesystem::path temporary_;
  int file_ = -1;
  std::uint64_t written_ = 0;
  std::string buffer_;
  std::vector<PackRecord> records_;
  std::string paths_;
};

}  // namespace ablate
