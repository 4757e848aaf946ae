#include "harness/plan/text.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/plan/difference.h"

namespace ablate {
namespace {

constexpr std::size_t kShownKey = 12;

/// "1..8" for a whole range, else a list.
std::string seeds_text(const std::vector<std::uint64_t>& seeds) {
  bool in_turn = seeds.size() > 2;
  for (std::size_t i = 1; i < seeds.size(); ++i) in_turn &= seeds[i] == seeds[i - 1] + 1;
  return in_turn ? fmt::format("{}..{}", seeds.front(), seeds.back())
                 : fmt::format("{}", fmt::join(seeds, ", "));
}

std::string levels_text(const std::vector<std::pair<std::string, std::string>>& levels) {
  std::vector<std::string> parts;
  for (const auto& [factor, label] : levels) parts.push_back(factor + "=" + label);
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string table_text(const Plan& plan, const Table& table) {
  auto text = fmt::format("{}: {}", table.title.empty() ? plan.name : table.title, table.design);
  if (!table.factors.empty()) text += fmt::format(" over {}", fmt::join(table.factors, ", "));
  if (!table.at.empty()) text += fmt::format(" at {}", levels_text(table.at));
  if (!table.columns.empty()) text += fmt::format(", columns by {}", table.columns);
  return text + fmt::format(", {} arms\n", table.arms.size());
}

bool is_done(const PlanTextOptions& options, const std::string& run) {
  return !run.empty() && options.done && options.done(run);
}

/// What stands for the keys: how many runs are finished, and the first key, to ask for.
std::string runs_text(const Arm& arm, const PlanTextOptions& options) {
  if (std::ranges::find(arm.runs, "") != arm.runs.end()) return "keys pending";
  const auto done = std::ranges::count_if(arm.runs, [&](const auto& run) { return is_done(options, run); });
  const auto reused = done == 0 ? "" : fmt::format("{} of {} reused, ", done, arm.runs.size());
  return fmt::format("{}first run {}", reused, arm.runs.empty() ? "" : arm.runs.front().substr(0, kShownKey));
}

std::string arm_text(const Arm& arm, const Arm* reference, const PlanTextOptions& options) {
  auto text = fmt::format("  {}, {}: seeds {}, {}\n", arm.backbone, arm.label, seeds_text(arm.seeds),
                          runs_text(arm, options));
  if (reference && reference != &arm)
    for (const auto& line : recipe_differences(reference->recipe, arm.recipe)) text += "      " + line + "\n";
  if (options.origins)
    for (const auto& [path, place] : arm.origins) text += fmt::format("      {}: from {}\n", path, place);
  return text;
}

const Arm* reference_in(const Plan& plan, const Table& table, const std::string& backbone) {
  for (const int index : table.arms)
    if (const auto& arm = plan.arms.at(index); arm.reference && arm.backbone == backbone) return &arm;
  return nullptr;
}

std::string teachers_text(const Plan& plan, const PlanTextOptions& options) {
  std::string text;
  for (const auto& trajectory : plan.trajectories)
    for (const auto& key : trajectory.runs)
      if (const auto& run = plan.runs.at(key); !run.teacher.empty())
        text += fmt::format("  {}: seed {}, run {}{}\n", run.teacher, run.seed, key.substr(0, kShownKey),
                            is_done(options, key) ? ", reused" : "");
  return text.empty() ? text : "teachers, trained first\n" + text;
}

}  // namespace

std::string plan_text(const Plan& plan, const PlanTextOptions& options) {
  auto text = fmt::format("sweep {} {}\n", plan.name, plan.digest.substr(0, kShownKey));
  for (const auto& table : plan.tables) {
    text += table_text(plan, table);
    for (const int index : table.arms) {
      const auto& arm = plan.arms.at(index);
      text += arm_text(arm, reference_in(plan, table, arm.backbone), options);
    }
  }
  text += teachers_text(plan, options);
  for (const auto& note : plan.notes) text += fmt::format("note: {}\n", note);
  return text;
}

}  // namespace ablate
