#include "results/footnotes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

namespace ablate {
namespace {

struct Sign {
  Trouble trouble;
  const char* mark;
  const char* meaning;
  bool detailed;  // there are several words for it, or reasons
};
constexpr std::array<Sign, 5> kSigns{{{Trouble::Unfinished, "†", "not finished", true},
                                      {Trouble::Diverged, "‡", "diverged, left out", false},
                                      {Trouble::Failed, "§", "failed", true},
                                      {Trouble::Invalid, "¶", "invalid, left out", true},
                                      {Trouble::NotEvaluated, "*", "no such evaluation", false}}};

template <class F>
void each_cell(const Comparison& comparison, F&& call) {
  for (const auto& panel : comparison.panels)
    for (const auto& row : panel.rows)
      for (std::size_t i = 0; i < row.cells.size(); ++i)
        if (row.cells[i]) call(panel, row, panel.backbones[i], *row.cells[i]);
}

std::string counted(std::size_t n, const std::string& thing) {
  return fmt::format("{} {}{}", n, thing, n == 1 ? "" : "s");
}

/// Which weights were evaluated: "ema where a recipe averages weights so, else raw".
std::string variants_of(const Comparison& c) {
  if (c.variants.empty()) return "none yet";
  if (!c.reported || c.variants.size() == 1) return fmt::format("{}", fmt::join(c.variants, ", "));
  std::vector<std::string> averages;
  for (const auto& variant : c.variants)
    if (variant != "raw") averages.push_back(variant);
  return fmt::format("{} where a recipe averages weights so{}", fmt::join(averages, " or "),
                     averages.size() < c.variants.size() ? ", else raw" : "");
}

std::string what_is_shown(const Comparison& c) {
  const auto split = c.images.empty()
                         ? c.split + " split"
                         : fmt::format("{} split ({} images)", c.split, fmt::join(c.images, ", "));
  const auto epoch =
      c.selected_by == "last" ? "the last epoch" : "the epoch selected on the validation split";
  return fmt::format("{}{} on the {} at {}; {}variant: {}.", c.metric.title,
                     c.metric.unit.empty() ? "" : " in " + c.metric.unit, split, epoch,
                     c.reported ? "reported " : "", variants_of(c));
}

std::string how_compared(const Comparison& c) {
  const bool wide = std::any_of(c.panels.begin(), c.panels.end(), [](const auto& panel) {
    return panel.backbones.size() > 1 || !panel.columns.empty();
  });
  const auto unit = c.metric.difference.empty() ? "" : " in " + c.metric.difference;
  const auto interval = wide ? "± half its 95 % t interval" : "[its 95 % t interval]";
  return fmt::format(
      "Mean ± sd over n seeds ({}). Δ: difference to the reference{}, paired by seed, {} (paired t); n/a "
      "below two pairs.",
      ranges(c.seeds), unit, interval);
}

void add_signs(const Comparison& c, std::vector<std::string>& lines) {
  for (const auto& [trouble, mark, meaning, detailed] : kSigns) {
    std::map<std::string, std::set<std::string>> runs;  // word or reason -> keys
    std::set<const RowResult*> rows;
    std::size_t count = 0;
    each_cell(c, [&, kind = trouble](const auto&, const RowResult& row, const auto&, const CellResult& cell) {
      for (const auto& [run, what] : cell.troubles)
        if (what.first == kind) count += runs[what.second].insert(run).second, rows.insert(&row);
    });
    if (count == 0) continue;
    std::vector<std::string> parts;
    for (const auto& [word, keys] : runs) parts.push_back(fmt::format("{}: {}", word, keys.size()));
    const auto details = detailed ? fmt::format(" ({})", fmt::join(parts, "; ")) : "";
    lines.push_back(fmt::format("{} {}: {} in {}{}.", mark, meaning, counted(count, "run"),
                                counted(rows.size(), "row"), details));
  }
}

void add_interactions(const Comparison& c, std::vector<std::string>& lines) {
  bool any = false;
  each_cell(c, [&](const auto&, const auto&, const auto&, const CellResult& cell) {
    any = any || cell.interaction;
  });
  if (!any) return;
  lines.push_back(
      "Interaction: a row's difference to the reference row in its column, less the same in the reference's "
      "column: what the two do together beyond each by itself; paired by seed, ± half its 95 % t interval.");
}

void add_seeds_needed(const Comparison& c, std::vector<std::string>& lines) {
  std::vector<std::string> parts;
  each_cell(c, [&](const PanelResult& panel, const RowResult& row, const std::string& backbone,
                   const CellResult& cell) {
    if (cell.seeds_needed == 0) return;
    const auto where = panel.backbones.size() > 1 ? fmt::format("{} on {}", row.label, backbone) : row.label;
    const auto part = fmt::format("{} {}", where, cell.seeds_needed);
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  });
  if (parts.empty()) return;
  lines.push_back(fmt::format("Seeds that would tell a Δ as large as the one seen from 0 (power 80 %): {}.",
                              fmt::join(parts, "; ")));
}

void add_teachers(const Comparison& c, std::vector<std::string>& lines) {
  std::vector<std::string> parts;
  for (const auto& teacher : c.teachers) {
    if (teacher.values.empty()) {
      parts.push_back(fmt::format("{} ({})", teacher.name, teacher.note));
      continue;
    }
    const auto summary = summarise(teacher.values);
    parts.push_back(fmt::format(
        "{} {}{}", teacher.name, fixed(summary.mean, c.metric.decimals),
        summary.n > 1 ? fmt::format(" ± {} ({} runs)", fixed(summary.sd, c.metric.decimals), summary.n)
                      : ""));
  }
  if (!parts.empty()) lines.push_back(fmt::format("Teachers: {}.", fmt::join(parts, ", ")));
}

}  // namespace

std::string marks_of(const CellResult& cell) {
  std::string marks;
  for (const auto& sign : kSigns)
    if (std::any_of(cell.troubles.begin(), cell.troubles.end(),
                    [&](const auto& entry) { return entry.second.first == sign.trouble; }))
      marks += sign.mark;
  return marks;
}

std::string ranges(const std::set<std::int64_t>& numbers) {
  std::string text;
  for (auto it = numbers.begin(); it != numbers.end();) {
    const auto first = *it;
    auto last = first;
    while (++it != numbers.end() && *it == last + 1) last = *it;
    text += (text.empty() ? "" : ", ") +
            (first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last));
  }
  return text;
}

std::vector<std::string> footnotes(const Comparison& c, bool times) {
  std::vector<std::string> lines;
  add_teachers(c, lines);
  add_signs(c, lines);
  lines.push_back(what_is_shown(c));
  lines.push_back(how_compared(c));
  add_interactions(c, lines);
  for (const auto& column : c.further) lines.push_back(column.note);
  add_seeds_needed(c, lines);
  lines.push_back(times ? "Parameters and MACs of the deployed form; s/epoch as measured, not reproducible."
                        : "Parameters and MACs of the deployed form.");
  lines.push_back(fmt::format("{}{}. Sweep {}, plan {}, ledger {}.", counted(c.environments, "environment"),
                              c.mixed ? " (mixed: a training went on in another one)" : "", c.sweep,
                              c.plan.substr(0, 12), c.ledger.substr(0, 12)));
  return lines;
}

}  // namespace ablate
