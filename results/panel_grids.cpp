#include "results/panel_grids.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "results/footnotes.h"

namespace ablate {
namespace {

using Cells = std::vector<Grid::Cell>;

std::string mean_text(const Summary& s, const Metric& metric) {
  if (s.n == 0) return "–";
  return fixed(s.mean, metric.decimals) + (s.n > 1 ? " ± " + fixed(s.sd, metric.decimals) : "");
}

std::string n_text(const CellResult& cell) {
  const auto planned = static_cast<int>(cell.planned.size());
  return cell.summary.n == planned ? std::to_string(planned) : fmt::format("{}/{}", cell.summary.n, planned);
}

/// "+0.16 [−0.01, +0.34]"; empty for the reference.
std::string difference_text(const CellResult& cell, const Metric& metric) {
  if (!cell.difference) return "";
  const auto& d = *cell.difference;
  if (d.n == 0) return "n/a";
  const auto difference = with_sign(d.difference, metric.decimals);
  if (d.n == 1) return difference + " [n/a]";
  return fmt::format("{} [{}, {}]", difference, with_sign(d.interval.low, metric.decimals),
                     with_sign(d.interval.high, metric.decimals));
}

/// "+0.16 ± 0.18": a t interval lies evenly around its middle. Empty where there is none.
std::string narrow_text(const std::optional<Paired>& d, const Metric& metric) {
  if (!d) return "";
  if (d->n == 0) return "n/a";
  return with_sign(d->difference, metric.decimals) + " ± " +
         fixed(d->n == 1 ? std::nan("") : d->interval.high - d->difference, metric.decimals);
}

std::string metric_head(const Metric& metric) {
  return metric.unit.empty() ? metric.title : fmt::format("{} ({})", metric.title, metric.unit);
}

void add_cost_columns(Grid& grid, const std::string& group, bool times) {
  grid.columns.push_back({"params", group});
  grid.columns.push_back({"MACs", group});
  if (times) grid.columns.push_back({"s/epoch", group});
}

void add_costs(Cells& cells, const std::optional<CellResult>& cell, bool times) {
  cells.push_back({cell ? with_prefix(cell->parameters) : "", ""});
  cells.push_back({cell ? with_prefix(cell->macs) : "", ""});
  if (times) cells.push_back({cell ? three_digits(cell->seconds_per_epoch) : "", ""});
}

std::string further_head(const FurtherColumn& column, const Metric& metric) {
  return metric.unit.empty() ? column.head : fmt::format("{} ({})", column.head, metric.unit);
}

/// "61.20 ± 0.31", with the number of runs where it is not the cell's own; "93.10 (3)" of runs together.
std::string further_text(const CellResult& cell, std::size_t column, const Comparison& c) {
  const auto& summary = cell.further[column];
  const bool spread = c.further[column].spread;
  const auto text =
      spread || summary.n == 0 ? mean_text(summary, c.metric) : fixed(summary.mean, c.metric.decimals);
  const bool told = summary.n > 0 && (!spread || summary.n < cell.summary.n);
  return text + (told ? fmt::format(" ({})", summary.n) : "");
}

void add_further(Cells& cells, const std::optional<CellResult>& cell, const Comparison& c) {
  for (std::size_t i = 0; i < c.further.size(); ++i)
    cells.push_back({cell ? further_text(*cell, i, c) : "", ""});
}

/// One backbone: everything in one grid.
Grid single_grid(const PanelResult& panel, const Comparison& comparison, bool times) {
  const auto& metric = comparison.metric;
  Grid grid{{{"", "", true}, {metric_head(metric), ""}, {"n", ""}, {"Δ [95 %]", ""}}, {}};
  for (const auto& column : comparison.further) grid.columns.push_back({further_head(column, metric), ""});
  add_cost_columns(grid, "", times);
  for (const auto& row : panel.rows) {
    const auto& cell = *row.cells.front();
    Cells cells{{row.label, ""},
                {mean_text(cell.summary, metric), ""},
                {n_text(cell), marks_of(cell)},
                {difference_text(cell, metric), ""}};
    add_further(cells, row.cells.front(), comparison);
    add_costs(cells, row.cells.front(), times);
    grid.rows.push_back(std::move(cells));
  }
  return grid;
}

/// Several backbones: a group of columns each.
Grid grouped_grid(const PanelResult& panel, const Metric& metric, std::size_t begin, std::size_t end) {
  Grid grid{{{"", "", true}}, {}};
  for (auto i = begin; i < end; ++i)
    for (const auto& head : {metric_head(metric), std::string("n"), std::string("Δ ± 95 %")})
      grid.columns.push_back({head, panel.backbones[i]});
  for (const auto& row : panel.rows) {
    Cells cells{{row.label, ""}};
    for (auto i = begin; i < end; ++i) {
      const auto& cell = row.cells[i];
      cells.push_back({cell ? mean_text(cell->summary, metric) : "", ""});
      cells.push_back({cell ? n_text(*cell) : "", cell ? marks_of(*cell) : ""});
      cells.push_back({cell ? narrow_text(cell->difference, metric) : "", ""});
    }
    grid.rows.push_back(std::move(cells));
  }
  return grid;
}

Grid further_grid(const PanelResult& panel, const Comparison& comparison, std::size_t begin,
                  std::size_t end) {
  Grid grid{{{"", "", true}}, {}};
  for (auto i = begin; i < end; ++i)
    for (const auto& column : comparison.further)
      grid.columns.push_back({further_head(column, comparison.metric), panel.backbones[i]});
  for (const auto& row : panel.rows) {
    Cells cells{{row.label, ""}};
    for (auto i = begin; i < end; ++i) add_further(cells, row.cells[i], comparison);
    grid.rows.push_back(std::move(cells));
  }
  return grid;
}

Grid cost_grid(const PanelResult& panel, bool times, std::size_t begin, std::size_t end) {
  Grid grid{{{"", "", true}}, {}};
  for (auto i = begin; i < end; ++i) add_cost_columns(grid, panel.backbones[i], times);
  for (const auto& row : panel.rows) {
    Cells cells{{row.label, ""}};
    for (auto i = begin; i < end; ++i) add_costs(cells, row.cells[i], times);
    grid.rows.push_back(std::move(cells));
  }
  return grid;
}

/// What the reference has at a factor's path, where that is one value: the heading of its column.
std::string reference_heading(const PanelResult& panel) {
  const nlohmann::json* at = &panel.rows.front().recipe;
  for (std::size_t start = 0; at && start <= panel.columns.size();) {
    const auto dot = std::min(panel.columns.find('.', start), panel.columns.size());
    const auto found = at->is_object() ? at->find(panel.columns.substr(start, dot - start)) : at->end();
    at = at->is_object() && found != at->end() ? &*found : nullptr;
    start = dot + 1;
  }
  if (!at || at->is_structured() || at->is_null()) return "reference";
  return (at->is_string() ? at->get<std::string>() : at->dump()) + " (reference)";
}

/// A panel turned: its arms by the level of one factor and by all the others.
struct Pivot {
  std::vector<std::string> columns, rows;                              // levels; labels
  std::map<std::pair<std::string, std::string>, const RowResult*> at;  // row, column

  explicit Pivot(const PanelResult& panel) {
    const auto reference = reference_heading(panel);
    for (const auto& row : panel.rows) {
      std::string column = reference, label;
      for (const auto& [factor, level] : row.levels) {
        if (factor == panel.columns)
          column = level;
        else
          label += (label.empty() ? "" : ", ") + factor.substr(factor.rfind('.') + 1) + "=" + level;
      }
      if (row.levels.empty())
        label = row.reference ? "reference" : row.label;
      else if (label.empty())
        label = "reference";
      for (auto [all, one] : {std::pair{&columns, &column}, {&rows, &label}})
        if (std::find(all->begin(), all->end(), *one) == all->end()) all->push_back(*one);
      at.emplace(std::pair(label, column), &row);
    }
  }
};

/// One of a pivot's grids: `fill` writes a cell.
template <class F>
Grid pivot_grid(const PanelResult& panel, const Pivot& pivot, std::size_t backbone, const F& fill) {
  const auto factor = panel.columns.substr(panel.columns.rfind('.') + 1);
  Grid grid{{{"", "", true}}, {}};
  for (const auto& column : pivot.columns) grid.columns.push_back({column, factor});
  for (const auto& label : pivot.rows) {
    Cells cells{{label, ""}};
    for (const auto& column : pivot.columns) {
      const auto found = pivot.at.find({label, column});
      const bool has = found != pivot.at.end() && found->second->cells[backbone];
      cells.push_back(has ? fill(*found->second->cells[backbone]) : Grid::Cell{});
    }
    grid.rows.push_back(std::move(cells));
  }
  return grid;
}

/// Rows and columns in which nothing stands are left out.
Grid without_blanks(Grid grid) {
  const auto blank = [](const Grid::Cell& cell) { return cell.text.empty(); };
  std::erase_if(grid.rows,
                [&](const Cells& cells) { return std::all_of(cells.begin() + 1, cells.end(), blank); });
  for (auto i = static_cast<std::ptrdiff_t>(grid.columns.size()); --i > 0;) {
    if (!std::all_of(grid.rows.begin(), grid.rows.end(), [&](const Cells& cells) { return blank(cells[i]); }))
      continue;
    grid.columns.erase(grid.columns.begin() + i);
    for (auto& cells : grid.rows) cells.erase(cells.begin() + i);
  }
  return grid;
}

std::vector<TitledGrid> pivot_grids(const PanelResult& panel, const Comparison& comparison) {
  const Pivot pivot(panel);
  const auto& metric = comparison.metric;
  std::vector<TitledGrid> grids;
  for (std::size_t backbone = 0; backbone < panel.backbones.size(); ++backbone) {
    const auto add = [&](const std::string& what, const auto& fill) {
      grids.push_back({panel.backbones.size() > 1 ? panel.backbones[backbone] + ": " + what : what,
                       pivot_grid(panel, pivot, backbone, fill)});
    };
    add(metric_head(metric), [&](const CellResult& cell) -> Grid::Cell {
      return {mean_text(cell.summary, metric), marks_of(cell)};
    });
    add("Δ ± 95 %", [&](const CellResult& cell) -> Grid::Cell {
      return {narrow_text(cell.difference, metric), ""};
    });
    add("Interaction ± 95 %", [&](const CellResult& cell) -> Grid::Cell {
      return {narrow_text(cell.interaction, metric), ""};
    });
    grids.back().grid = without_blanks(std::move(grids.back().grid));
    if (grids.back().grid.rows.empty()) grids.pop_back();
    for (std::size_t i = 0; i < comparison.further.size(); ++i)
      add(further_head(comparison.further[i], metric), [&](const CellResult& cell) -> Grid::Cell {
        return {further_text(cell, i, comparison), ""};
      });
  }
  return grids;
}

}  // namespace

std::vector<TitledGrid> panel_grids(const PanelResult& panel, const Comparison& comparison, bool times,
                                    std::size_t side_by_side) {
  if (panel.rows.empty()) return {};
  if (!panel.columns.empty()) return pivot_grids(panel, comparison);
  if (panel.backbones.size() == 1) return {{"", single_grid(panel, comparison, times)}};
  std::vector<TitledGrid> grids;
  const auto add_groups = [&](const std::string& title, const auto& grid_of) {
    for (std::size_t begin = 0; begin < panel.backbones.size(); begin += side_by_side)
      grids.push_back(
          {begin == 0 ? title : "", grid_of(begin, std::min(begin + side_by_side, panel.backbones.size()))});
  };
  add_groups("", [&](auto begin, auto end) { return grouped_grid(panel, comparison.metric, begin, end); });
  if (!comparison.further.empty())
    add_groups("Elsewhere",
               [&](auto begin, auto end) { return further_grid(panel, comparison, begin, end); });
  add_groups("Cost", [&](auto begin, auto end) { return cost_grid(panel, times, begin, end); });
  return grids;
}

}  // namespace ablate
