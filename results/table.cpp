#include "results/table.h"

#include <fmt/format.h>

#include "results/comparison.h"
#include "results/footnotes.h"
#include "results/panel_grids.h"
#include "results/table_data.h"
#include "results/text.h"

namespace ablate {
namespace {

constexpr std::size_t kTextBackbones = 3;  // side by side, these fit into 120 columns
constexpr std::size_t kTextWidth = 112;

/// Breaks a line between words.
std::string wrapped(const std::string& line, std::size_t width) {
  std::string text;
  std::size_t column = 0;
  for (std::size_t start = 0; start < line.size();) {
    const auto end = std::min(line.find(' ', start), line.size());
    const auto word = line.substr(start, end - start);
    const auto size = display_width(word);
    if (column > 0 && column + 1 + size > width)
      text += "\n  ", column = 2;
    else if (column > 0)
      text += ' ', ++column;
    text += word;
    column += size;
    start = end + 1;
  }
  return text + "\n";
}

std::string heading(const Comparison& comparison) {
  return comparison.title.empty() ? comparison.sweep : comparison.title;
}

/// A panel's title, unless it is the sweep's own; the only backbone's name stands in it, having no column
/// group.
std::string panel_heading(const PanelResult& panel, const Comparison& comparison) {
  const auto title = panel.title == heading(comparison) ? "" : panel.title;
  if (panel.backbones.size() != 1) return title;
  return title.empty() ? panel.backbones.front() : title + ", " + panel.backbones.front();
}

std::string as_text(const Comparison& comparison, const TableOptions& options) {
  const auto bold = [&](const std::string& line) {
    return options.color ? "\033[1m" + line + "\033[0m\n" : line + "\n";
  };
  std::string text = bold(heading(comparison));
  for (const auto& panel : comparison.panels) {
    text += "\n";
    if (const auto title = panel_heading(panel, comparison); !title.empty()) text += bold(title);
    for (const auto& [title, grid] : panel_grids(panel, comparison, options.times, kTextBackbones))
      text += (title.empty() ? "" : title + "\n") + text_of(grid);
  }
  text += "\n";
  for (const auto& line : footnotes(comparison, options.times)) text += wrapped(line, kTextWidth);
  return text;
}

std::string as_markdown(const Comparison& comparison, const TableOptions& options) {
  std::string text = "## " + heading(comparison) + "\n";
  for (const auto& panel : comparison.panels) {
    if (const auto title = panel_heading(panel, comparison); !title.empty()) text += "\n### " + title + "\n";
    for (const auto& [title, grid] : panel_grids(panel, comparison, options.times, panel.backbones.size()))
      text += (title.empty() ? "\n" : "\n" + title + "\n\n") + markdown_of(grid);
  }
  text += "\n";
  for (const auto& line : footnotes(comparison, options.times))
    text += (line.starts_with("*") ? "- \\" : "- ") + line + "\n";
  return text;
}

}  // namespace

std::string comparison_table(Ledger& ledger, const TableOptions& options) {
  const auto comparison = compare(ledger, options);
  switch (options.format) {
    case Format::Text:
      return as_text(comparison, options);
    case Format::Markdown:
      return as_markdown(comparison, options);
    case Format::Csv:
      return table_csv(comparison, options.times);
    case Format::Json:
      return table_json(comparison, options.times);
  }
  return "";
}

}  // namespace ablate
