#pragma once

#include <filesystem>
#include <string>

namespace ablate {

/// A line that stays the same as long as the file does: its path below `root`, size and time of last change.
/// Throws Error.
std::string file_stamp(const std::filesystem::path& root, const std::string& relative);

}  // namespace ablate
