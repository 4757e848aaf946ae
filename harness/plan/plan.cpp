#include "harness/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/core/canonical.h"
#include "harness/plan/arms.h"
#include "harness/plan/assembly.h"
#include "harness/plan/names.h"
#include "harness/plan/notes.h"
#include "harness/plan/sweep.h"
#include "harness/plan/teachers.h"

namespace ablate {

using nlohmann::json;

namespace {

std::set<std::string> declared_teachers(const Sweep& sweep) {
  std::set<std::string> names;
  for (const auto& teacher : sweep.teachers) names.insert(teacher.name);
  return names;
}

/// The sweep as given, with its base written out and what the command line changed.
json sweep_as_planned(const Tree& root, const Sweep& sweep) {
  auto given = to_json(root);
  Tree base = *sweep.base;
  for (const auto& assignment : sweep.set) apply(assignment, base);
  given["base"] = to_json(base);
  return given;
}

void collect_origins(const Tree& tree, const std::string& path, std::map<std::string, std::string>& origins) {
  if (!tree.is(Tree::Kind::Object) || tree.members.empty()) {
    origins[path] = to_string(tree.place);
    return;
  }
  for (const auto& [key, place, value] : tree.members)
    collect_origins(value, path.empty() ? key : path + "." + key, origins);
}

Table table_of(const Panel& panel) {
  Table table{.title = panel.title, .design = panel.design.name, .columns = panel.columns};
  for (const auto* factor : panel.design.factors) table.factors.push_back(factor->name);
  for (const auto& [factor, level] : panel.at) table.at.emplace_back(factor->name, level->label);
  return table;
}

Arm arm_of(const DraftArm& draft, const Sweep& sweep) {
  Arm arm{
      .table = draft.table, .backbone = draft.backbone, .label = draft.label, .reference = draft.reference};
  for (const auto& [factor, level] : draft.levels) arm.levels.emplace_back(factor->name, level->label);
  arm.seeds = sweep.panels[draft.table].seeds;
  collect_origins(draft.given, "", arm.origins);
  return arm;
}

/// Round by round over the seeds: first the teachers that the round needs, then its runs.
void add_runs(const std::vector<DraftArm>& drafts, Assembly& assembly, Plan& plan) {
  std::size_t rounds = 0;
  for (const auto& arm : plan.arms) rounds = std::max(rounds, arm.seeds.size());
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<std::pair<std::size_t, Identities>> due;
    for (std::size_t i = 0; i < drafts.size(); ++i)
      if (round < plan.arms[i].seeds.size())
        due.emplace_back(i, assembly.identify(drafts[i].resolved, plan.arms[i].seeds[round]));
    for (auto& [i, identities] : due) {
      auto& arm = plan.arms[i];
      arm.runs.push_back(assembly.add_run(drafts[i].resolved, identities, arm.seeds[round]));
      identities.teachers.clear();  // an arm's recipe names its teachers
      if (round == 0) arm.recipe = shown_recipe(drafts[i].resolved, identities);
    }
  }
}

/// Provisional keys served to tell runs apart; nobody else shall see them.
void strip_pending(Plan& plan) {
  const auto pending = [](const std::string& key) { return key.starts_with('?'); };
  plan.pending_runs = std::erase_if(plan.runs, [&](const auto& run) { return pending(run.first); });
  plan.pending_trajectories = std::erase_if(plan.trajectories, [&](const auto& t) { return pending(t.key); });
  for (auto& arm : plan.arms)
    for (auto& key : arm.runs)
      if (pending(key)) key.clear();
  plan.pending = plan.pending_runs > 0;
}

void warn_of_unused_teachers(const Sweep& sweep, const std::set<std::string>& used, Problems& problems) {
  for (const auto& teacher : sweep.teachers)
    if (!used.contains(teacher.name))
      problems.warn(teacher.place, fmt::format("no arm learns from the teacher '{}'", teacher.name));
}

}  // namespace

std::optional<Plan> plan_of(const Tree& root, const std::filesystem::path& file, const Overrides& overrides,
                            const World& world, Problems& problems) {
  Sweep sweep;
  read_sweep(root, file, overrides, sweep, problems);
  if (!sweep.base) return std::nullopt;
  const Resolver resolver(world, overrides.must_exist, declared_teachers(sweep));
  TeacherBook teachers(sweep, resolver, problems);
  Uses uses;
  ArmMaker maker(sweep, resolver, uses, problems);
  const auto drafts = maker.make();
  if (!problems.ok()) return std::nullopt;

  Plan plan{.name = sweep.name, .title = sweep.title, .keep = sweep.keep};
  plan.sweep = sweep_as_planned(root, sweep);
  plan.digest = sha256(canonical(plan.sweep));
  for (const auto& panel : sweep.panels) plan.tables.push_back(table_of(panel));
  for (const auto& draft : drafts) {
    plan.tables[draft.table].arms.push_back(static_cast<int>(plan.arms.size()));
    plan.arms.push_back(arm_of(draft, sweep));
  }
  Assembly assembly(world, resolver, teachers, problems);
  add_runs(drafts, assembly, plan);
  warn_of_unused_teachers(sweep, assembly.used_teachers(), problems);
  if (!problems.ok()) return std::nullopt;
  plan.runs = std::move(assembly.runs);
  plan.trajectories = std::move(assembly.trajectories);
  plan.notes = maker.notes();
  const auto more = notes_on(plan);
  plan.notes.insert(plan.notes.end(), more.begin(), more.end());
  strip_pending(plan);
  return plan;
}

const Trajectory* Plan::trajectory(const std::string& key) const {
  const auto found = std::ranges::find(trajectories, key, &Trajectory::key);
  return found == trajectories.end() ? nullptr : &*found;
}

std::optional<Plan> make_plan(const std::filesystem::path& file, const Overrides& overrides,
                              const World& world, Problems& problems) {
  const auto root = read_json_file(file, problems);
  return root ? plan_of(*root, file, overrides, world, problems) : std::nullopt;
}

}  // namespace ablate
