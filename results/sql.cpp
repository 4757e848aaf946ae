#include "results/sql.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace ablate::sql {
namespace embedded {  // by CMake, from the files of results/sql
extern const std::vector<std::string_view> migrations;
extern const std::string_view views, statements;
}  // namespace embedded

namespace {

constexpr std::string_view kMark = "-- name: ";

struct Library {
  std::vector<std::string_view> names, texts;
};

Library split(std::string_view text) {
  Library library;
  for (auto start = text.find(kMark); start != text.npos;) {
    start += kMark.size();
    const auto line_end = text.find('\n', start);
    const auto next = text.find(kMark, line_end);
    library.names.push_back(text.substr(start, line_end - start));
    library.texts.push_back(text.substr(line_end + 1, next == text.npos ? next : next - line_end - 1));
    start = next;
  }
  return library;
}

const Library& library() {
  static const Library all = split(embedded::statements);
  return all;
}

}  // namespace

std::string_view statement(std::string_view name) {
  const auto& [names, texts] = library();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw std::logic_error("results/sql has no statement " + std::string(name));
  return texts[found - names.begin()];
}

const std::vector<std::string_view>& names() {
  return library().names;
}

const std::vector<std::string_view>& migrations() {
  return embedded::migrations;
}

std::string_view views() {
  return embedded::views;
}

}  // namespace ablate::sql
