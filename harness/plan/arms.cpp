#include "harness/plan/arms.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/plan/names.h"

namespace ablate {

struct ArmMaker::Block {
  int table;
  const Panel& panel;
  const BackboneRow& row;
  Tree reference;
  std::vector<DraftArm>& arms;
  std::set<Combination> seen;
  const nlohmann::json* reference_recipe = nullptr;  // resolved

  std::string where() const { return panel.title.empty() ? row.label : panel.title + ", " + row.label; }
};

void ArmMaker::note(const std::string& text) {
  if (std::ranges::find(notes_, text) == notes_.end()) notes_.push_back(text);
}

std::vector<DraftArm> ArmMaker::make() {
  std::vector<DraftArm> arms;
  for (std::size_t table = 0; table < sweep_.panels.size(); ++table)
    for (const auto& label : sweep_.panels[table].backbones)
      make_block(static_cast<int>(table), *std::ranges::find(sweep_.backbones, label, &BackboneRow::label),
                 arms);
  report_clashes();
  report_unused();
  return arms;
}

Tree ArmMaker::reference_recipe(const Panel& panel, const BackboneRow& row) {
  Tree recipe = *sweep_.base;
  recipe.set("backbone", row.network, row.place);
  apply_patch(sweep_.set, recipe, uses_);
  apply_patch(row.adapt, recipe, uses_);
  apply_patch(panel.set, recipe, uses_);
  auto fixed = apply_levels(recipe, panel.at, problems_);
  for (const auto& choice : fixed.effective) uses_.levels.insert(choice.level);
  return std::move(fixed.recipe);
}

void ArmMaker::make_block(int table, const BackboneRow& row, std::vector<DraftArm>& arms) {
  const auto& panel = sweep_.panels[table];
  Block block{table, panel, row, reference_recipe(panel, row), arms, {{}}};
  DraftArm reference{.table = table,
                     .backbone = row.label,
                     .label = "reference",
                     .reference = true,
                     .given = block.reference};
  bool fine = true;
  resolve(reference, fine);
  const auto recipe = reference.resolved.recipe;
  if (fine) block.reference_recipe = &recipe;
  if (excluded(block, {}))
    for (const auto* list : {&sweep_.exclude, &panel.exclude})
      for (const auto& exclusion : *list)
        if (excluding_.contains(&exclusion))
          problems_.error(exclusion.place, "this exclusion removes the reference");
  if (fine) arms.push_back(std::move(reference));
  for (const auto& combination : panel.design.arms) add_combination(block, combination);
  for (const auto& extra : panel.also) add_extra(block, extra);
}

void ArmMaker::add_combination(Block& block, const Combination& combination) {
  auto levelled = apply_levels(block.reference, combination, problems_);
  for (const auto& choice : levelled.idle)
    note(fmt::format("{}: '{}' applies only where what it changes is on; elsewhere its arms are one",
                     block.where(), choice.factor->name));
  if (!block.seen.insert(levelled.effective).second) return;
  if (excluded(block, levelled.effective)) return;
  for (const auto& choice : levelled.effective) uses_.levels.insert(choice.level);
  add(block, {.table = block.table,
              .backbone = block.row.label,
              .label = label_of(sweep_, levelled.effective),
              .levels = levelled.effective,
              .given = std::move(levelled.recipe)});
}

void ArmMaker::add_extra(Block& block, const Extra& extra) {
  Tree recipe = block.reference;
  apply_patch(extra.patch, recipe, uses_);
  add(block,
      {.table = block.table, .backbone = block.row.label, .label = extra.label, .given = std::move(recipe)});
}

void ArmMaker::add(Block& block, DraftArm arm) {
  bool fine = true;
  resolve(arm, fine);
  if (!fine) return;
  if (block.reference_recipe && arm.resolved.recipe == *block.reference_recipe)
    note(fmt::format("{}: {} is what the reference has, so it has no row", block.where(), arm.label));
  else
    block.arms.push_back(std::move(arm));
}

/// Every exclusion that matches counts as used, so none is reported for want of another.
bool ArmMaker::excluded(const Block& block, const Combination& levels) {
  const auto label_at = [&](const std::string& factor) -> std::string {
    if (factor == "backbone") return block.row.label;
    for (const auto* step : {&levels, &block.panel.at})
      for (const auto& choice : *step)
        if (choice.factor->name == factor) return choice.level->label;
    return "reference";
  };
  bool any = false;
  for (const auto* list : {&sweep_.exclude, &block.panel.exclude})
    for (const auto& exclusion : *list) {
      const bool matches = std::ranges::all_of(
          exclusion.selectors, [&](const Selector& s) { return label_at(s.factor) == s.label; });
      if (matches) excluding_.insert(&exclusion);
      any |= matches;
    }
  return any;
}

void ArmMaker::resolve(DraftArm& arm, bool& fine) {
  Findings findings;
  auto resolved = resolver_.resolve(arm.given, findings);
  add_problems(findings.mistakes, problems_);
  for (const auto& problem : findings.clashes.sorted()) {
    auto& clash = clashes_[{problem.place, problem.message}];
    clash.in_reference |= arm.reference;
    clash.arms.push_back(fmt::format("'{}' on {}", arm.label, arm.backbone));
  }
  fine = resolved.has_value();
  if (resolved) arm.resolved = std::move(*resolved);
}

void ArmMaker::report_clashes() {
  for (const auto& [where, clash] : clashes_) {
    auto message = where.second;
    if (!clash.in_reference) message += fmt::format(" (arm {}", clash.arms.front());
    if (!clash.in_reference && clash.arms.size() > 1)
      message += fmt::format(" and {} more", clash.arms.size() - 1);
    problems_.error(where.first, message + (clash.in_reference ? "" : ")"));
  }
}

void ArmMaker::report_unused() {
  for (const auto* assignment : uses_.tried)
    if (!uses_.applied.contains(assignment))
      problems_.error(assignment->place,
                      fmt::format("{} is off wherever this would apply", owner_of(assignment->path)));
  if (sweep_.broken) return;
  for (const auto& factor : sweep_.factors) report_unused_levels(factor);
  const auto report = [&](const std::vector<Exclusion>& list) {
    for (const auto& exclusion : list)
      if (!excluding_.contains(&exclusion))
        problems_.error(exclusion.place, "no arm is left out by this exclusion");
  };
  report(sweep_.exclude);
  for (const auto& panel : sweep_.panels) report(panel.exclude);
}

void ArmMaker::report_unused_levels(const Factor& factor) {
  std::vector<const Level*> unused;
  for (const auto& level : factor.levels)
    if (!uses_.levels.contains(&level)) unused.push_back(&level);
  if (unused.empty()) return;
  if (unused.size() == factor.levels.size()) {
    const auto owner =
        owner_of(factor.levels[0].patch.empty() ? split_path("train") : factor.levels[0].patch[0].path);
    const auto hint = owner.empty() ? "" : fmt::format(" ({} must be on in an arm that it varies)", owner);
    problems_.error(factor.place, fmt::format("no arm uses the factor '{}'{}", factor.name, hint));
    return;
  }
  for (const auto* level : unused)
    problems_.error(level->place,
                    fmt::format("no arm uses the level '{}' of '{}'", level->label, factor.name));
}

}  // namespace ablate
