#include "harness/plan/notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "results/statistics/summary.h"

namespace ablate {
namespace {

constexpr double kSignificance = 0.05;

std::string arm_name(const Plan& plan, const Arm& arm) {
  const auto& title = plan.tables[arm.table].title;
  const auto row = fmt::format("'{}' on {}", arm.label, arm.backbone);
  return plan.tables.size() > 1 && !title.empty() ? title + ": " + row : row;
}

void note_shared_runs(const Plan& plan, std::vector<std::string>& notes) {
  std::map<std::string, std::vector<const Arm*>> arms;
  std::vector<std::string> order;
  for (const auto& arm : plan.arms) {
    if (arm.runs.empty()) continue;
    auto& sharing = arms[arm.runs.front()];
    if (sharing.empty()) order.push_back(arm.runs.front());
    sharing.push_back(&arm);
  }
  for (const auto& key : order) {
    const auto& sharing = arms.at(key);
    if (sharing.size() < 2) continue;
    std::vector<std::string> names;
    for (const auto* arm : sharing) names.push_back(arm_name(plan, *arm));
    notes.push_back(fmt::format("the same runs, trained once: {}", fmt::join(names, "; ")));
  }
}

void note_shared_trajectories(const Plan& plan, std::vector<std::string>& notes) {
  std::map<std::string, std::map<std::string, const Arm*>> arms;  // trajectory -> run -> its first arm
  std::vector<std::string> order;
  for (const auto& arm : plan.arms) {
    if (arm.runs.empty()) continue;
    const auto& trajectory = plan.runs.at(arm.runs.front()).trajectory;
    if (!arms.contains(trajectory)) order.push_back(trajectory);
    arms[trajectory].try_emplace(arm.runs.front(), &arm);
  }
  for (const auto& key : order) {
    const auto& sharing = arms.at(key);
    if (sharing.size() < 2) continue;
    std::vector<const Arm*> sorted;
    for (const auto& [run, arm] : sharing) sorted.push_back(arm);
    std::ranges::sort(sorted);  // in the order of Plan::arms
    std::vector<std::string> names;
    for (const auto* arm : sorted) names.push_back(arm_name(plan, *arm));
    notes.push_back(fmt::format("one training, evaluated in several ways: {}", fmt::join(names, "; ")));
  }
}

/// The fewest pairs with which the exact sign-flip test can reach significance in each of `rows` after Holm.
int pairs_needed(int rows) {
  int pairs = 1;
  while (sign_flip_floor(pairs) * rows >= kSignificance) ++pairs;
  return pairs;
}

void note_few_seeds(const Plan& plan, const Table& table, std::vector<std::string>& notes) {
  std::map<std::string, int> rows;
  std::size_t pairs = std::numeric_limits<std::size_t>::max();
  for (const int index : table.arms) {
    const auto& arm = plan.arms[index];
    if (!arm.reference) ++rows[arm.backbone];
    pairs = std::min(pairs, arm.seeds.size());
  }
  int most = 0;
  for (const auto& [backbone, count] : rows) most = std::max(most, count);
  if (most == 0 || static_cast<int>(pairs) >= pairs_needed(most)) return;
  const auto title = table.title.empty() ? std::string() : table.title + ": ";
  const auto floor = sign_flip_floor(static_cast<int>(pairs));
  const auto alone = pairs_needed(1), together = pairs_needed(most);
  notes.push_back(fmt::format(
      "{}with {} seed{} the exact sign-flip test cannot go below p = {:.2g}; p < {} needs {} seeds{}", title,
      pairs, pairs == 1 ? "" : "s", floor, kSignificance, alone,
      most > 1 ? fmt::format(", and {} for {} rows after Holm", together, most) : ""));
}

}  // namespace

std::vector<std::string> notes_on(const Plan& plan) {
  std::vector<std::string> notes;
  note_shared_runs(plan, notes);
  note_shared_trajectories(plan, notes);
  for (const auto& table : plan.tables) note_few_seeds(plan, table, notes);
  return notes;
}

}  // namespace ablate
