#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace ablate::training {

/// UTC as ISO 8601, to the second.
std::string now();

/// `log.txt` of a folder: what happened, for people; a line with its time, appended.
class Log {
 public:
  explicit Log(const std::filesystem::path& folder);
  void say(const std::string& message);

 private:
  std::ofstream file_;
};

}  // namespace ablate::training
