#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace ablate {

/// An append-only file of one JSON object a line, each line written in one call.
class Journal {
 public:
  /// Opens for appending; a torn last line (a crash in the middle of a write) is cut off first. Throws Error.
  explicit Journal(const std::filesystem::path& path);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  void append(const nlohmann::json& line);
  /// Returns once everything appended is on disk.
  void sync();

 private:
  int file_ = -1;
};

/// Every line in order; an absent file has none. A last line that was not written to its end is left out; a
/// broken line before it throws Error with its number.
std::vector<nlohmann::json> read_journal(const std::filesystem::path& path);

/// A number as a journal holds it: itself, or "nan", "inf", "-inf", since JSON has no form for these.
nlohmann::json finite_or_text(double value);
/// What finite_or_text wrote; throws Error for anything else.
double number_from(const nlohmann::json& value);

/// Writes beside, syncs file and folder, and renames: the file is whole or as before. Throws Error.
void write_file(const std::filesystem::path& path, const std::string& content);
/// The whole file. Throws Error.
std::string read_file(const std::filesystem::path& path);

}  // namespace ablate
