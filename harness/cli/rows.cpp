#include "harness/cli/rows.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/core/canonical.h"
#include "harness/core/problems.h"

namespace ablate::cli {
namespace {

const std::vector<std::pair<std::string, Format>>& format_names() {
  static const std::vector<std::pair<std::string, Format>> names{
      {"text", Format::Text}, {"md", Format::Markdown}, {"csv", Format::Csv}, {"json", Format::Json}};
  return names;
}

/// Bytes are not for reading: their number is.
std::string cell(const nlohmann::json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return shortest(value.get<double>());
  if (value.is_binary()) return fmt::format("({} bytes)", value.get_binary().size());
  return value.dump();
}

/// Characters, not bytes: continuation bytes of UTF-8 take no room.
std::size_t width_of(const std::string& text) {
  return std::size_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

using Cells = std::vector<std::vector<std::string>>;  // the header first

Cells cells_of(const Ledger::Rows& rows) {
  Cells cells{rows.columns};
  for (const auto& row : rows.rows) {
    cells.emplace_back();
    for (const auto& value : row) cells.back().push_back(cell(value));
  }
  return cells;
}

std::string aligned(const Cells& cells) {
  std::vector<std::size_t> widths(cells.front().size());
  for (const auto& row : cells)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  std::string text;
  for (const auto& row : cells) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] - width_of(row[i]) + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string markdown(const Cells& cells) {
  std::string text;
  for (std::size_t r = 0; r < cells.size(); ++r) {
    text += "|";
    for (const auto& value : cells[r]) text += " " + replaced(replaced(value, "|", "\\|"), "\n", " ") + " |";
    text += "\n";
    if (r > 0) continue;
    text += "|";
    for (std::size_t i = 0; i < cells[r].size(); ++i) text += "---|";
    text += "\n";
  }
  return text;
}

std::string quoted(const std::string& value) {
  if (value.find_first_of(",\"\r\n") == std::string::npos) return value;
  return "\"" + replaced(value, "\"", "\"\"") + "\"";
}

std::string csv(const Cells& cells) {
  std::string text;
  for (const auto& row : cells) {
    for (std::size_t i = 0; i < row.size(); ++i) text += (i > 0 ? "," : "") + quoted(row[i]);
    text += "\n";
  }
  return text;
}

std::string json(const Ledger::Rows& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& row : rows.rows) {
    auto object = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < row.size(); ++i)
      object[rows.columns[i]] = row[i].is_binary() ? nlohmann::ordered_json(cell(row[i])) : nlohmann::ordered_json(row[i]);
    list.push_back(std::move(object));
  }
  return list.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

void add_format(CommandLine& line) {
  line.options()("format", po::value<std::string>()->default_value("text")->value_name("text|md|csv|json"),
                 "how to print it");
}

Format format_of(const po::variables_map& values) {
  const auto wanted = text_of(values, "format");
  std::vector<std::string> known;
  for (const auto& [name, format] : format_names()) {
    if (name == wanted) return format;
    known.push_back(name);
  }
  throw UsageError(fmt::format("unknown format '{}'{}", wanted, suggestion(wanted, known)));
}

std::string formatted(const Ledger::Rows& rows, Format format) {
  if (format == Format::Json) return json(rows);
  const auto cells = cells_of(rows);
  if (format == Format::Csv) return csv(cells);
  return format == Format::Markdown ? markdown(cells) : aligned(cells);
}

}  // namespace ablate::cli
