#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ablate {

/// Columns that a UTF-8 text takes on a terminal, a column a code point.
std::size_t display_width(std::string_view text);

/// A line of CSV (RFC 4180): fields with a comma, quote or line break are quoted.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace ablate
