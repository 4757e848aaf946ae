#include "harness/plan/notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "results/statistics/summary.h"

namespace ablate {
namespace {

constexpr double kSignificance = 0.05;

/// Whether a note has to say which table it means, and can.
bool is_told_by_title(const Plan& plan, const Table& table) {
  return plan.tables.size() > 1 && !table.title.empty();
}

std::string row_name(const Plan& plan, const Arm& arm) {
  const auto& table = plan.tables[arm.table];
  const auto label = fmt::format("'{}'", arm.label);
  return is_told_by_title(plan, table) ? table.title + ": " + label : label;
}

/// Groups of rows that share something on a backbone, and the backbones on which each group does so.
class SharedRows {
 public:
  /// Takes arms that share something; nothing is shared by a single one.
  void add(const Plan& plan, const std::vector<const Arm*>& arms) {
    if (arms.size() < 2) return;
    const auto& backbone = arms.front()->backbone;
    const bool one_backbone =
        std::ranges::all_of(arms, [&](const Arm* arm) { return arm->backbone == backbone; });
    std::vector<std::string> names;
    for (const auto* arm : arms)
      names.push_back(one_backbone ? row_name(plan, *arm) : row_name(plan, *arm) + " on " + arm->backbone);
    auto rows = fmt::format("{}", fmt::join(names, "; "));
    auto group = std::ranges::find(groups_, rows, &Group::rows);
    if (group == groups_.end()) group = groups_.insert(group, {std::move(rows), {}});
    auto& backbones = group->backbones;
    if (one_backbone && std::ranges::find(backbones, backbone) == backbones.end())
      backbones.push_back(backbone);
  }

  /// Adds a note for each group: "WHAT: ROW; ROW on BACKBONE, BACKBONE".
  void tell(std::string_view what, std::vector<std::string>& notes) const {
    for (const auto& [rows, backbones] : groups_)
      notes.push_back(
          fmt::format("{}: {}{}{}", what, rows, backbones.empty() ? "" : " on ", fmt::join(backbones, ", ")));
  }

 private:
  struct Group {
    std::string rows;
    std::vector<std::string> backbones;  // none: the rows name theirs
  };
  std::vector<Group> groups_;
};

void note_shared_runs(const Plan& plan, std::vector<std::string>& notes) {
  std::map<std::string, std::vector<const Arm*>> arms;
  std::vector<std::string> order;
  for (const auto& arm : plan.arms) {
    if (arm.runs.empty()) continue;
    auto& sharing = arms[arm.runs.front()];
    if (sharing.empty()) order.push_back(arm.runs.front());
    sharing.push_back(&arm);
  }
  SharedRows shared;
  for (const auto& key : order) shared.add(plan, arms.at(key));
  shared.tell("the same runs, trained once", notes);
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
  SharedRows shared;
  for (const auto& key : order) {
    std::vector<const Arm*> sorted;
    for (const auto& [run, arm] : arms.at(key)) sorted.push_back(arm);
    std::ranges::sort(sorted);  // in the order of Plan::arms
    shared.add(plan, sorted);
  }
  shared.tell("one training, evaluated in several ways", notes);
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
  const auto title = is_told_by_title(plan, table) ? fmt::format("table '{}': ", table.title) : std::string();
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
