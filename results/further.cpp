#include "results/further.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>

#include "harness/core/problems.h"
#include "results/ensemble.h"
#include "results/footnotes.h"
#include "results/sql.h"

namespace ablate {
namespace {

/// What the runs of a table came to on the spoiled test splits.
class Spoiled {
 public:
  Spoiled(Ledger& ledger, const std::vector<std::string>& keys, const std::string& variant,
          const Metric& metric) {
    const auto rows =
        ledger.query(std::string(sql::statement("spoiled evaluations of runs")), {keys, variant});
    const auto column = std::ranges::find(rows.columns, metric.name) - rows.columns.begin();
    for (const auto& row : rows.rows)
      if (const auto& score = row.at(std::size_t(column)); score.is_number())
        scores_[row[0]][row[1].get<std::string>().substr(std::string("test@").size())] =
            score.get<double>() * metric.scale;
  }

  /// The ways that any run was spoiled in and that `wanted` wants.
  template <class F>
  std::set<std::string> ways(const F& wanted) const {
    std::set<std::string> found;
    for (const auto& [run, scores] : scores_)
      for (const auto& [way, score] : scores)
        if (wanted(way)) found.insert(way);
    return found;
  }

  /// The mean of a run over these ways; none unless it has all of them, or means would not compare.
  std::optional<double> mean(const std::string& run, const std::set<std::string>& ways) const {
    const auto scores = scores_.find(run);
    if (scores == scores_.end() || ways.empty()) return std::nullopt;
    double sum = 0;
    for (const auto& way : ways) {
      const auto score = scores->second.find(way);
      if (score == scores->second.end()) return std::nullopt;
      sum += score->second;
    }
    return sum / double(ways.size());
  }

 private:
  std::map<std::string, std::map<std::string, double>> scores_;  // run -> way -> score in the metric's unit
};

template <class F>
void over_cells(Comparison& comparison, const F& call) {
  for (auto& panel : comparison.panels)
    for (auto& row : panel.rows)
      for (auto& cell : row.cells)
        if (cell) call(*cell);
}

std::vector<std::string> counted_runs(Comparison& comparison) {
  std::set<std::string> keys;
  over_cells(comparison,
             [&](const CellResult& cell) { keys.insert(cell.counted.begin(), cell.counted.end()); });
  return {keys.begin(), keys.end()};
}

/// "gaussian_noise, jpeg at severities 1-5".
std::string corruptions_text(const std::set<std::string>& ways) {
  std::set<std::string> names;
  std::set<std::int64_t> severities;
  for (const auto& way : ways) {
    const auto dot = way.find('.');
    names.insert(way.substr(0, dot));
    severities.insert(std::stoll(way.substr(dot + 1)));
  }
  return fmt::format("{} at severit{} {}", fmt::join(names, ", "), severities.size() == 1 ? "y" : "ies",
                     ranges(severities));
}

/// "8/255": what the rows' recipes give the attack, where they give one.
std::string radius_text(const Comparison& comparison, const std::string& attack) {
  std::set<double> radii;
  for (const auto& panel : comparison.panels)
    for (const auto& row : panel.rows) {
      const auto& given =
          row.recipe.value(nlohmann::json::json_pointer("/evaluate/" + attack), nlohmann::json());
      if (given.is_number()) radii.insert(given.get<double>());
    }
  return radii.empty() ? "an unknown radius" : fmt::format("{}/255", fmt::join(radii, ", "));
}

/// A column of what runs come to on spoiled test splits: their mean over some ways of spoiling.
struct Kind {
  std::string name, head;
  bool (*wants)(const std::string& way);
  std::string (*told)(const Comparison&, const std::set<std::string>& ways);  // in the footnote
};

const std::array<Kind, 3> kKinds{{
    // Every corruption has every severity, so this is also the mean over corruptions of their means.
    {"corruptions", "corrupted", [](const std::string& way) { return way.find('.') != way.npos; },
     [](const Comparison&, const std::set<std::string>& ways) {
       return "mean over " + corruptions_text(ways) + ", of the corrupted test split";
     }},
    {"fgsm", "FGSM", [](const std::string& way) { return way == "fgsm"; },
     [](const Comparison& c, const std::set<std::string>&) {
       return "the test split attacked by one step of " + radius_text(c, "fgsm");
     }},
    {"pgd", "PGD", [](const std::string& way) { return way == "pgd"; },
     [](const Comparison& c, const std::set<std::string>&) {
       return "the test split attacked by steps within " + radius_text(c, "pgd");
     }},
}};

void add_column(const Kind& kind, const Spoiled& spoiled, Comparison& comparison) {
  const auto ways = spoiled.ways(kind.wants);
  const auto note =
      ways.empty() ? fmt::format("no run was evaluated so (evaluate.{}).", kind.name)
                   : fmt::format("{}, at the last epoch; mean ± sd over seeds.", kind.told(comparison, ways));
  comparison.further.push_back({kind.name, kind.head, kind.head + ": " + note});
  over_cells(comparison, [&](CellResult& cell) {
    std::vector<double> values;
    for (const auto& run : cell.counted)
      if (const auto value = spoiled.mean(run, ways)) values.push_back(*value);
    cell.further.push_back(summarise(values));
  });
}

/// The seeds of an arm asked together, by the predictions that their runs kept.
void add_ensemble(Ledger& ledger, const TableOptions& options, Comparison& comparison) {
  const auto& metric = comparison.metric;
  if (metric.name != "top1") throw Error("the column `ensemble` is of top1 alone, not of " + metric.name);
  std::map<std::string, std::string> trajectories;
  for (const auto& row : ledger
                             .query(std::string(sql::statement("trajectories of runs")),
                                    {nlohmann::json(counted_runs(comparison))})
                             .rows)
    trajectories[row[0]] = row[1];
  over_cells(comparison, [&](CellResult& cell) {
    Ensemble ensemble;
    for (const auto& run : cell.counted) {
      const auto kept =
          read_predictions(options.runs / trajectories.at(run) / "predictions" / (run + ".safetensors"));
      if (kept && (options.variant.empty() || kept->variant == options.variant)) ensemble.add(*kept);
    }
    cell.further.push_back(
        {ensemble.runs(), ensemble.top1() * metric.scale, std::numeric_limits<double>::quiet_NaN()});
  });
  comparison.further.push_back(
      {"ensemble", "ensemble",
       "Ensemble: top-1 on the test split at the last epoch of the mean of the probabilities of (n) runs: "
       "one "
       "network of n times the cost, so that there is no spread; – where no run kept them "
       "(evaluate.predictions).",
       false});
}

[[noreturn]] void refuse(const std::string& name) {
  std::vector<std::string> known{"ensemble"};
  for (const auto& kind : kKinds) known.push_back(kind.name);
  throw Error(fmt::format("there is no further column `{}`{}: {}", name, suggestion(name, known),
                          fmt::join(known, ", ")));
}

}  // namespace

void add_further_columns(Ledger& ledger, const TableOptions& options, Comparison& comparison) {
  if (options.further.empty()) return;
  if (options.selected_by != "last")
    throw Error(
        "further columns are of the last epoch: leave out the epoch selected on the validation split");
  const Spoiled spoiled(ledger, counted_runs(comparison), options.variant, comparison.metric);
  for (const auto& name : options.further) {
    const auto kind = std::ranges::find(kKinds, name, &Kind::name);
    if (kind != kKinds.end())
      add_column(*kind, spoiled, comparison);
    else if (name == "ensemble")
      add_ensemble(ledger, options, comparison);
    else
      refuse(name);
  }
}

}  // namespace ablate
