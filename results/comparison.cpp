#include "results/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "results/further.h"
#include "results/guard.h"
#include "results/outcomes.h"

namespace ablate {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string levels_text(const std::vector<std::pair<std::string, std::string>>& levels) {
  std::string text;
  for (const auto& [factor, level] : levels) text += (text.empty() ? "" : ", ") + factor + "=" + level;
  return text;
}

class Comparing {
 public:
  Comparing(Ledger& ledger, const TableOptions& options)
      : layout_(options.layout.is_null() ? stored_layout(ledger, options.sweep) : layout_of(options.layout)) {
    refuse_unvaried_differences(layout_);
    result_.metric = metric_of(options.metric);
    result_.selected_by = options.selected_by;
    result_.split = options.split;
    result_.reported = options.variant.empty();
    outcomes_ = outcomes_of(ledger, layout_.keys(), result_.metric.name, options.selected_by, result_.split,
                            options.variant);
    result_.sweep = layout_.name;
    result_.title = layout_.title;
    result_.plan = layout_.digest;
    result_.ledger = ledger.digest();
    const auto environments = environments_of(ledger, layout_.keys());
    result_.environments = environments.count;
    result_.mixed = environments.mixed;
  }

  Comparison compare() {
    for (const auto& table : layout_.tables) result_.panels.push_back(panel(table));
    for (const auto& teacher : layout_.teachers) add_teacher(teacher);
    return std::move(result_);
  }

 private:
  PanelResult panel(const Layout::Table& table) {
    PanelResult panel{table.title, table.design, table.columns, table.factors, {}, {}};
    for (const auto& arm : table.arms)
      if (std::find(panel.backbones.begin(), panel.backbones.end(), arm.backbone) == panel.backbones.end())
        panel.backbones.push_back(arm.backbone);
    std::map<std::string, std::map<std::string, int>> seen;  // backbone -> label -> how often
    for (const auto& arm : table.arms) place(panel, arm, seen[arm.backbone][arm.label]++);
    for (auto& row : panel.rows) row.cells.resize(panel.backbones.size());
    name_rows(panel);
    add_differences(panel);
    add_interactions(panel);
    return panel;
  }

  /// Into the row of its label; the second arm of one label on one backbone goes with the second ones on the
  /// others.
  void place(PanelResult& panel, const Layout::Arm& arm, int occurrence) {
    auto row = std::find_if(panel.rows.begin(), panel.rows.end(),
                            [&](const auto& r) { return r.label == arm.label && occurrence-- == 0; });
    if (row == panel.rows.end()) {
      panel.rows.push_back({arm.label, arm.levels, arm.reference, arm.recipe, {}});
      row = panel.rows.end() - 1;
    }
    const auto column =
        std::find(panel.backbones.begin(), panel.backbones.end(), arm.backbone) - panel.backbones.begin();
    row->cells.resize(panel.backbones.size());
    row->cells[column] = cell(arm);
  }

  /// Labels are made to be short; where that leaves two rows with one, their levels in full tell them apart.
  static void name_rows(PanelResult& panel) {
    std::map<std::string, int> uses;
    for (const auto& row : panel.rows) ++uses[row.label];
    for (auto& row : panel.rows)
      if (uses[row.label] > 1 && !row.levels.empty()) row.label += " (" + levels_text(row.levels) + ")";
    std::map<std::string, int> seen;
    for (auto& row : panel.rows)
      if (const int before = seen[row.label]++; before > 0) row.label += fmt::format(" #{}", before + 1);
  }

  CellResult cell(const Layout::Arm& arm) {
    CellResult cell;
    std::vector<double> values, seconds;
    cell.parameters = cell.macs = cell.seconds_per_epoch = kNaN;
    for (const auto& [seed, key] : arm.runs) {
      cell.planned.push_back(seed);
      result_.seeds.insert(seed);
      const auto& run = key.empty() ? pending_ : outcomes_.at(key);
      if (!std::isnan(run.parameters)) cell.parameters = run.parameters, cell.macs = run.macs;
      if (!std::isnan(run.seconds_per_epoch)) seconds.push_back(run.seconds_per_epoch);
      if (const auto trouble = trouble_of(run)) {
        cell.troubles.emplace(key.empty() ? fmt::format("{} {}", arm.label, seed) : key, *trouble);
        continue;
      }
      result_.variants.insert(run.variant);
      result_.images.insert(run.images);
      values.push_back(cell.values[seed] = run.score * result_.metric.scale);
      cell.counted.push_back(key);
    }
    cell.summary = summarise(values);
    if (!seconds.empty()) cell.seconds_per_epoch = summarise(seconds).mean;
    return cell;
  }

  static std::optional<std::pair<Trouble, std::string>> trouble_of(const RunOutcome& run) {
    if (run.status == "diverged") return std::pair(Trouble::Diverged, run.status);
    if (run.status == "failed" || run.status == "blocked") return std::pair(Trouble::Failed, run.status);
    if (run.status != "done") return std::pair(Trouble::Unfinished, run.status);
    if (!run.invalid.empty()) return std::pair(Trouble::Invalid, run.invalid);
    if (std::isnan(run.score)) return std::pair(Trouble::NotEvaluated, std::string("done"));
    return std::nullopt;
  }

  static void add_differences(PanelResult& panel) {
    for (std::size_t column = 0; column < panel.backbones.size(); ++column) {
      const auto reference = std::find_if(panel.rows.begin(), panel.rows.end(), [&](const auto& row) {
        return row.reference && row.cells[column];
      });
      if (reference == panel.rows.end()) continue;
      for (auto& row : panel.rows)
        if (!row.reference && row.cells[column]) subtract(*row.cells[column], *reference->cells[column]);
    }
  }

  /// Of arms that have a level of the factor that makes the columns, and others.
  static void add_interactions(PanelResult& panel) {
    using Levels = decltype(RowResult::levels);
    const auto row_with = [&](const Levels& levels) {
      return std::find_if(panel.rows.begin(), panel.rows.end(), [&](const auto& row) {
        return row.levels == levels && row.reference == levels.empty();
      });
    };
    for (auto& row : panel.rows) {
      Levels column, others;
      for (const auto& level : row.levels) (level.first == panel.columns ? column : others).push_back(level);
      const auto by_column = row_with(column), by_others = row_with(others), reference = row_with({});
      const auto none = panel.rows.end();
      if (column.empty() || others.empty() || by_column == none || by_others == none || reference == none)
        continue;
      for (std::size_t i = 0; i < row.cells.size(); ++i)
        if (row.cells[i] && by_column->cells[i] && by_others->cells[i] && reference->cells[i])
          row.cells[i]->interaction =
              interaction(*row.cells[i], *by_column->cells[i], *by_others->cells[i], *reference->cells[i]);
    }
  }

  using BySeed = decltype(CellResult::values);

  /// Seeds that only one of them has do not count.
  static Paired paired_by_seed(const BySeed& a, const BySeed& b) {
    std::vector<double> from, subtracted;
    for (const auto& [seed, value] : a)
      if (const auto other = b.find(seed); other != b.end()) {
        from.push_back(value);
        subtracted.push_back(other->second);
      }
    return paired_t(from, subtracted);
  }

  /// What two changes do together beyond what each does by itself, of the seeds that all four have.
  static Paired interaction(const CellResult& both, const CellResult& one, const CellResult& other,
                            const CellResult& reference) {
    const auto differences = [](const BySeed& a, const BySeed& b) {
      BySeed found;
      for (const auto& [seed, value] : a)
        if (const auto subtracted = b.find(seed); subtracted != b.end())
          found[seed] = value - subtracted->second;
      return found;
    };
    return paired_by_seed(differences(both.values, one.values), differences(other.values, reference.values));
  }

  static void subtract(CellResult& cell, const CellResult& reference) {
    const auto paired = paired_by_seed(cell.values, reference.values);
    cell.difference = paired;
    const bool undecided = paired.interval.low <= 0 && paired.interval.high >= 0;
    if (paired.n >= 3 && undecided) cell.seeds_needed = pairs_needed(paired.difference, paired.sd);
  }

  void add_teacher(const Layout::Teacher& teacher) {
    auto& all = result_.teachers;
    if (all.empty() || all.back().name != teacher.name) all.push_back({teacher.name, {}, ""});
    auto& entry = all.back();
    if (teacher.run.empty()) {
      entry.note = "as given";
      return;
    }
    const auto& run = outcomes_.at(teacher.run);
    const auto trouble = trouble_of(run);
    if (!trouble)
      entry.values.push_back(run.score * result_.metric.scale);
    else
      entry.note = trouble->first == Trouble::NotEvaluated ? "not evaluated so" : trouble->second;
  }

  const Layout layout_;
  const RunOutcome pending_;
  std::map<std::string, RunOutcome> outcomes_;
  Comparison result_;
};

}  // namespace

Comparison compare(Ledger& ledger, const TableOptions& options) {
  const auto one_moment = ledger.snapshot();
  auto comparison = Comparing(ledger, options).compare();
  add_further_columns(ledger, options, comparison);
  return comparison;
}

}  // namespace ablate
