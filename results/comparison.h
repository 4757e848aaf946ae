#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "results/layout.h"
#include "results/metric.h"
#include "results/statistics/summary.h"
#include "results/table.h"

namespace ablate {

/// Why a run's number is not in a table.
enum class Trouble { Unfinished, Diverged, Failed, Invalid, NotEvaluated };

/// An arm's runs, put together.
struct CellResult {
  std::vector<std::int64_t> planned;                                // seeds
  std::map<std::int64_t, double> values;                            // by seed, in the metric's unit
  std::vector<std::string> counted;                                 // keys of the runs that have a value
  std::map<std::string, std::pair<Trouble, std::string>> troubles;  // by run; the word for it, or the reason
  Summary summary;
  std::optional<Paired> difference;   // to the reference of its panel and backbone; none for that itself
  std::optional<Paired> interaction;  // of the factor that makes the columns, and the arm's other levels
  int seeds_needed = 0;               // for an interval that holds 0; 0: unknown, or too many
  double parameters = 0, macs = 0, seconds_per_epoch = 0;  // NaN where unknown
  std::vector<Summary> further;                            // of the counted runs, one a further column
};

/// What the runs that count come to elsewhere: on corrupted images, under attack.
struct FurtherColumn {
  std::string name;    // "corruptions"
  std::string head;    // "corrupted"
  std::string note;    // below the table
  bool spread = true;  // a mean over runs; otherwise one number of all of them
};

struct RowResult {
  std::string label;  // unique in its panel
  std::vector<std::pair<std::string, std::string>> levels;
  bool reference = false;
  nlohmann::json recipe;                         // of the first backbone that has the row
  std::vector<std::optional<CellResult>> cells;  // one a backbone
};

struct PanelResult {
  std::string title, design, columns;
  std::vector<std::string> factors, backbones;
  std::vector<RowResult> rows;
};

struct TeacherResult {
  std::string name;
  std::vector<double> values;  // of its runs
  std::string note;            // why there is none
};

/// All the numbers of a sweep's tables; what remains is to write them down.
struct Comparison {
  std::string sweep, title, plan, ledger;  // digests
  Metric metric;
  std::string selected_by, split = "test";
  bool reported = true;            // the reported variant, not one asked for
  std::set<std::string> variants;  // those that the numbers are of
  std::set<std::int64_t> images, seeds;
  std::vector<PanelResult> panels;
  std::vector<TeacherResult> teachers;
  std::size_t environments = 0;
  bool mixed = false;  // one training went on in another environment
  std::vector<FurtherColumn> further;
};

/// Throws Error where rows differ in what the design does not vary.
Comparison compare(Ledger& ledger, const TableOptions& options);

}  // namespace ablate
