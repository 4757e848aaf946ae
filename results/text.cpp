#include "results/text.h"

#include <algorithm>

namespace ablate {

std::size_t display_width(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xc0) != 0x80; });
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
      line += fields[i];
      continue;
    }
    line += '"';
    for (char c : fields[i]) line.append(c == '"' ? 2 : 1, c);
    line += '"';
  }
  return line += '\n';
}

}  // namespace ablate
