#include <iostream>

#include <fmt/format.h>

#include "harness/cli/command.h"
#include "harness/cli/shared_options.h"
#include "harness/core/problems.h"
#include "results/rows.h"

namespace ablate::cli {
namespace {

/// The whole key that starts with what was typed.
std::string whole_key(Ledger& ledger, const std::string& start) {
  const auto found =
      ledger.query("SELECT key FROM runs WHERE substr(key, 1, length(?1)) = ?1 LIMIT 2", {start});
  if (found.rows.empty())
    throw Error(fmt::format("the ledger has no run '{}'; 'ablate list' has them all", start));
  if (found.rows.size() > 1)
    throw Error(fmt::format("several runs start with '{}': give more of the key", start));
  return found.rows.front().front();
}

/// The sections of the page: title and question.
const std::vector<std::pair<const char*, const char*>>& sections() {
  static const std::vector<std::pair<const char*, const char*>> all{
      {"run", "SELECT key, trajectory, seed, status, invalid, message FROM runs WHERE key = ?1"},
      {"arms",
       "SELECT sweeps.name AS sweep, arms.backbone, arms.label AS arm, arms.reference FROM sweep_runs "
       "JOIN arms ON arms.id = arm_id JOIN sweeps ON sweeps.id = sweep_id "
       "WHERE run_key = ?1 ORDER BY sweeps.name, arms.table_position, arms.position"},
      {"ingredients",
       "SELECT rtrim(family || '.' || name, '.') AS ingredient, parameter, value FROM ingredients WHERE "
       "run_key = ?1 "
       "ORDER BY family, name, parameter"},
      {"evaluations",
       "SELECT epoch, selected_by, split, variant, reported, images, top1, top5, loss, ece FROM evaluations "
       "WHERE run_key = ?1 ORDER BY epoch, split, variant"},
      {"counters", "SELECT name, value FROM counters WHERE run_key = ?1 ORDER BY name"},
      {"costs", "SELECT form, parameters, macs, bytes FROM costs WHERE run_key = ?1 ORDER BY form"},
      {"last epoch",
       "SELECT epoch, name, value, not_finite FROM metrics WHERE run_key = ?1 "
       "AND epoch = (SELECT max(epoch) FROM metrics WHERE run_key = ?1) ORDER BY name"},
      {"attempts",
       "SELECT attempt, started, seconds, peak_bytes, host, state, exit_status, signal, message, stderr FROM "
       "attempts "
       "WHERE trajectory = (SELECT trajectory FROM runs WHERE key = ?1) ORDER BY attempt"}};
  return all;
}

void print_json(Ledger& ledger, const std::string& key) {
  nlohmann::ordered_json page;
  for (const auto& [title, sql] : sections())
    page[title] = nlohmann::ordered_json::parse(rows_text(ledger.query(sql, {key}), Format::Json));
  page["spec"] = nlohmann::json::parse(
      ledger.query("SELECT spec FROM runs WHERE key = ?1", {key}).rows.front().front().get<std::string>());
  std::cout << page.dump(1) << '\n';
}

void print_text(Ledger& ledger, const std::string& key, const Store& store) {
  for (const auto& [title, sql] : sections()) {
    const auto rows = ledger.query(sql, {key});
    if (!rows.rows.empty()) std::cout << title << '\n' << rows_text(rows, Format::Text) << '\n';
  }
  const auto trajectory =
      ledger.query("SELECT trajectory FROM runs WHERE key = ?1", {key}).rows.front().front();
  std::cout << fmt::format("folder\n{}\n", store.run(trajectory.get<std::string>()).string());
}

}  // namespace

ExitStatus show(const Arguments& arguments) {
  CommandLine line("show RUN [options]",
                   "Everything known about one run, named by its key or the start of it.");
  line.argument("RUN");
  add_store(line);
  line.options()("json", "as JSON, with the whole spec");
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  const auto start = required(*values, "RUN");
  const auto store = store_of(*values);
  const auto ledger = open_ledger(store);
  const auto key = whole_key(*ledger, start);
  values->count("json") > 0 ? print_json(*ledger, key) : print_text(*ledger, key, store);
  return ExitStatus::Done;
}

}  // namespace ablate::cli
