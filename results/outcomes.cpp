#include "results/outcomes.h"

#include <algorithm>
#include <set>

#include "results/sql.h"

namespace ablate {
namespace {

Ledger::Rows ask_of_runs(Ledger& ledger, const char* statement,
                         const std::vector<nlohmann::json>& parameters) {
  return ledger.query(std::string(sql::statement(statement)), parameters);
}

double number_or_nan_of(const nlohmann::json& value) {
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::map<std::string, RunOutcome> outcomes_of(Ledger& ledger, const std::vector<std::string>& keys,
                                              const std::string& column, const std::string& selected_by,
                                              const std::string& split, const std::string& variant) {
  std::map<std::string, RunOutcome> outcomes;
  for (const auto& key : keys) outcomes[key];
  const nlohmann::json list = keys;
  for (const auto& row : ask_of_runs(ledger, "statuses of runs", {list}).rows) {
    auto& outcome = outcomes[row[0]];
    outcome.status = row[1];
    if (row[2].is_string()) outcome.invalid = row[2];
  }
  const auto evaluations = ask_of_runs(ledger, "evaluations of runs", {list, selected_by, split, variant});
  const auto& columns = evaluations.columns;
  const auto at = std::find(columns.begin(), columns.end(), column) - columns.begin();
  for (const auto& row : evaluations.rows) {
    auto& outcome = outcomes[row[0]];
    outcome.variant = row[1];
    outcome.images = row[2];
    outcome.score = number_or_nan_of(row.at(at));
  }
  for (const auto& row : ask_of_runs(ledger, "deployed costs of runs", {list}).rows) {
    outcomes[row[0]].parameters = number_or_nan_of(row[1]);
    outcomes[row[0]].macs = number_or_nan_of(row[2]);
  }
  for (const auto& row : ask_of_runs(ledger, "epoch seconds of runs", {list}).rows)
    outcomes[row[0]].seconds_per_epoch = number_or_nan_of(row[1]);
  return outcomes;
}

Environments environments_of(Ledger& ledger, const std::vector<std::string>& keys) {
  std::set<std::string> different, trajectories;
  bool mixed = false;
  for (const auto& row : ask_of_runs(ledger, "environments of runs", {keys}).rows) {
    mixed |= !trajectories.insert(row[0]).second;
    different.insert(row[1]);
  }
  return {different.size(), mixed};
}

}  // namespace ablate
