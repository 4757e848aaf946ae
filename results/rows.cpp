#include "results/rows.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "harness/core/canonical.h"
#include "results/grid.h"
#include "results/text.h"

namespace ablate {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string hexadecimal(const nlohmann::json& blob) {
  std::string text;
  for (unsigned char byte : blob.get_binary()) text += fmt::format("{:02x}", byte);
  return text;
}

std::string field(const nlohmann::json& value, bool whole_blobs) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_binary())
    return whole_blobs ? hexadecimal(value) : fmt::format("({} bytes)", value.get_binary().size());
  return canonical(value);
}

/// Line breaks would tear a grid.
std::string on_one_line(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  return text;
}

Grid grid_of(const Ledger::Rows& rows) {
  Grid grid;
  for (const auto& name : rows.columns) grid.columns.push_back({name, "", false});
  for (std::size_t i = 0; i < rows.columns.size(); ++i)
    for (const auto& row : rows.rows) grid.columns[i].left |= row[i].is_string() || row[i].is_binary();
  for (const auto& row : rows.rows) {
    auto& cells = grid.rows.emplace_back();
    for (const auto& value : row) cells.push_back({on_one_line(field(value, false)), ""});
  }
  return grid;
}

std::string csv_of(const Ledger::Rows& rows) {
  std::string text = csv_line(rows.columns);
  for (const auto& row : rows.rows) {
    std::vector<std::string> fields;
    for (const auto& value : row) fields.push_back(field(value, true));
    text += csv_line(fields);
  }
  return text;
}

/// Columns of one name are told apart by their number, or an object would lose all but one.
std::vector<std::string> distinct(const std::vector<std::string>& columns) {
  std::vector<std::string> names;
  std::map<std::string, int> seen;
  for (const auto& name : columns) {
    const int before = seen[name]++;
    names.push_back(before == 0 ? name : fmt::format("{}_{}", name, before + 1));
  }
  return names;
}

std::string json_of(const Ledger::Rows& rows) {
  const auto names = distinct(rows.columns);
  OrderedJson all = OrderedJson::array();
  for (const auto& row : rows.rows) {
    OrderedJson object = OrderedJson::object();
    for (std::size_t i = 0; i < names.size(); ++i)
      object[names[i]] = row[i].is_binary() ? OrderedJson(hexadecimal(row[i])) : OrderedJson(row[i]);
    all.push_back(std::move(object));
  }
  return all.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace

std::string rows_text(const Ledger::Rows& rows, Format format) {
  switch (format) {
    case Format::Text:
      return text_of(grid_of(rows));
    case Format::Markdown:
      return markdown_of(grid_of(rows));
    case Format::Csv:
      return csv_of(rows);
    case Format::Json:
      return json_of(rows);
  }
  return "";
}

}  // namespace ablate
