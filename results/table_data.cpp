#include "results/table_data.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "results/footnotes.h"
#include "results/text.h"

namespace ablate {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr int kJsonVersion = 1;

constexpr std::pair<Trouble, const char*> kTroubles[] = {{Trouble::Unfinished, "unfinished"},
                                                         {Trouble::Diverged, "diverged"},
                                                         {Trouble::Failed, "failed"},
                                                         {Trouble::Invalid, "invalid"},
                                                         {Trouble::NotEvaluated, "not_evaluated"}};

std::int64_t count(const CellResult& cell, Trouble trouble) {
  std::int64_t n = 0;
  for (const auto& [run, what] : cell.troubles) n += what.first == trouble;
  return n;
}

/// Ten digits: what lies beyond is rounding of the sums, not result.
double rounded(double value) {
  return std::isfinite(value) ? std::stod(fmt::format("{:.10g}", value)) : value;
}

OrderedJson number_or_null(double value) {
  return std::isfinite(value) ? OrderedJson(rounded(value)) : OrderedJson();
}

std::string plain(double value) {
  return std::isfinite(value) ? fmt::format("{:.10g}", value) : "";
}

OrderedJson further_json(const CellResult& cell, const std::vector<FurtherColumn>& columns) {
  OrderedJson json = OrderedJson::object();
  for (std::size_t i = 0; i < columns.size(); ++i)
    json[columns[i].name] = {{"n", cell.further[i].n},
                             {"mean", number_or_null(cell.further[i].mean)},
                             {"sd", number_or_null(cell.further[i].sd)}};
  return json;
}

OrderedJson paired_json(const Paired& d) {
  return {{"pairs", d.n},
          {"mean", number_or_null(d.difference)},
          {"sd", number_or_null(d.sd)},
          {"low", number_or_null(d.interval.low)},
          {"high", number_or_null(d.interval.high)},
          {"p", number_or_null(d.p)}};
}

OrderedJson cell_json(const std::string& backbone, const CellResult& cell, const Comparison& comparison,
                      bool times) {
  OrderedJson json{{"backbone", backbone},
                   {"seeds_planned", cell.planned},
                   {"n", cell.summary.n},
                   {"mean", number_or_null(cell.summary.mean)},
                   {"sd", number_or_null(cell.summary.sd)},
                   {"values", OrderedJson::array()},
                   {"difference", nullptr},
                   {"seeds_needed", cell.seeds_needed ? OrderedJson(cell.seeds_needed) : OrderedJson()},
                   {"parameters", number_or_null(cell.parameters)},
                   {"macs", number_or_null(cell.macs)}};
  for (const auto& [seed, value] : cell.values)
    json["values"].push_back({{"seed", seed}, {"value", rounded(value)}});
  if (cell.difference) json["difference"] = paired_json(*cell.difference);
  if (cell.interaction) json["interaction"] = paired_json(*cell.interaction);
  for (const auto& [trouble, name] : kTroubles) json[name] = count(cell, trouble);
  if (!comparison.further.empty()) json["further"] = further_json(cell, comparison.further);
  if (times) json["seconds_per_epoch"] = number_or_null(cell.seconds_per_epoch);
  return json;
}

OrderedJson panel_json(const PanelResult& panel, const Comparison& comparison, bool times) {
  OrderedJson json{{"title", panel.title},         {"design", panel.design},
                   {"factors", panel.factors},     {"columns", panel.columns},
                   {"backbones", panel.backbones}, {"rows", OrderedJson::array()}};
  for (const auto& row : panel.rows) {
    OrderedJson entry{{"label", row.label},
                      {"reference", row.reference},
                      {"levels", OrderedJson::object()},
                      {"cells", OrderedJson::array()}};
    for (const auto& [factor, level] : row.levels) entry["levels"][factor] = level;
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      if (row.cells[i])
        entry["cells"].push_back(cell_json(panel.backbones[i], *row.cells[i], comparison, times));
    json["rows"].push_back(std::move(entry));
  }
  return json;
}

std::vector<std::string> csv_fields(const PanelResult& panel, std::size_t position, const RowResult& row,
                                    std::size_t backbone, bool times) {
  const auto& cell = *row.cells[backbone];
  std::vector<std::string> fields{std::to_string(position + 1),   panel.title,
                                  panel.backbones[backbone],      row.label,
                                  row.reference ? "1" : "0",      std::to_string(cell.planned.size()),
                                  std::to_string(cell.summary.n), plain(cell.summary.mean),
                                  plain(cell.summary.sd)};
  if (const auto& d = cell.difference)
    for (double value : {d->difference, d->interval.low, d->interval.high, double(d->n), d->p})
      fields.push_back(plain(value));
  else
    fields.insert(fields.end(), 5, "");
  for (const auto& [trouble, name] : kTroubles) fields.push_back(std::to_string(count(cell, trouble)));
  fields.push_back(plain(cell.parameters));
  fields.push_back(plain(cell.macs));
  for (const auto& summary : cell.further)
    fields.insert(fields.end(), {plain(summary.mean), plain(summary.sd), std::to_string(summary.n)});
  if (times) fields.push_back(plain(cell.seconds_per_epoch));
  return fields;
}

}  // namespace

std::string table_csv(const Comparison& comparison, bool times) {
  std::vector<std::string> header{"table", "title", "backbone",   "arm", "reference", "seeds", "n",
                                  "mean",  "sd",    "difference", "low", "high",      "pairs", "p"};
  for (const auto& [trouble, name] : kTroubles) header.push_back(name);
  header.insert(header.end(), {"parameters", "macs"});
  for (const auto& column : comparison.further)
    for (const char* what : {"_mean", "_sd", "_n"}) header.push_back(column.name + what);
  if (times) header.push_back("seconds_per_epoch");
  std::string text = csv_line(header);
  for (std::size_t position = 0; position < comparison.panels.size(); ++position) {
    const auto& panel = comparison.panels[position];
    for (std::size_t i = 0; i < panel.backbones.size(); ++i)
      for (const auto& row : panel.rows)
        if (row.cells[i]) text += csv_line(csv_fields(panel, position, row, i, times));
  }
  return text;
}

std::string table_json(const Comparison& c, bool times) {
  OrderedJson json{{"schema_version", kJsonVersion},
                   {"sweep", c.sweep},
                   {"title", c.title},
                   {"plan", c.plan},
                   {"ledger", c.ledger},
                   {"metric", c.metric.name},
                   {"unit", c.metric.unit},
                   {"split", c.split},
                   {"images", c.images},
                   {"selected_by", c.selected_by},
                   {"variants", c.variants},
                   {"seeds", c.seeds},
                   {"test", {{"name", "paired t"}, {"confidence", 0.95}}},
                   {"environments", {{"count", c.environments}, {"mixed", c.mixed}}},
                   {"panels", OrderedJson::array()},
                   {"teachers", OrderedJson::array()},
                   {"footnotes", footnotes(c, times)}};
  for (const auto& panel : c.panels) json["panels"].push_back(panel_json(panel, c, times));
  for (const auto& teacher : c.teachers) {
    OrderedJson values = OrderedJson::array();
    for (double value : teacher.values) values.push_back(rounded(value));
    json["teachers"].push_back({{"name", teacher.name}, {"values", values}, {"note", teacher.note}});
  }
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace ablate
