#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/plan/designs.h"
#include "harness/plan/names.h"
#include "harness/plan/sweep.h"

namespace ablate {
namespace {

std::vector<std::string> factor_names(const Sweep& sweep) {
  std::vector<std::string> names;
  for (const auto& factor : sweep.factors) names.push_back(factor.name);
  return names;
}

std::vector<std::string> row_labels(const Sweep& sweep) {
  std::vector<std::string> labels;
  for (const auto& row : sweep.backbones) labels.push_back(row.label);
  return labels;
}

bool check_row_label(const Sweep& sweep, const Tree& label, Problems& problems) {
  const auto labels = row_labels(sweep);
  const auto text = label_text(label);
  if (std::ranges::find(labels, text) != labels.end()) return true;
  problems.error(label.place, fmt::format("unknown backbone '{}'{}", text, suggestion(text, labels)));
  return false;
}

std::optional<Selector> read_selector(const Sweep& sweep, const Member& member, Problems& problems) {
  const auto label = label_text(member.value);
  if (member.key == "backbone")
    return check_row_label(sweep, member.value, problems)
               ? std::optional(Selector{"backbone", label, member.place})
               : std::nullopt;
  if (!find_choice(sweep, member, problems)) return std::nullopt;
  return Selector{member.key, label, member.place};
}

std::vector<Exclusion> read_exclude(const Tree& owner, const Sweep& sweep, Problems& problems) {
  std::vector<Exclusion> exclude;
  const Tree* list = member_of_kind(owner, "exclude", Tree::Kind::Array, problems);
  if (!list) return exclude;
  for (const auto& item : list->items) {
    if (!item.is(Tree::Kind::Object) || item.members.empty()) {
      problems.error(item.place, "an exclusion is {factor: label, ...}");
      continue;
    }
    Exclusion exclusion{item.place, {}};
    for (const auto& member : item.members)
      if (auto selector = read_selector(sweep, member, problems))
        exclusion.selectors.push_back(std::move(*selector));
    if (exclusion.selectors.size() == item.members.size()) exclude.push_back(std::move(exclusion));
  }
  return exclude;
}

std::vector<Extra> read_also(const Tree& tree, Problems& problems) {
  std::vector<Extra> also;
  for (const auto& [label, place, value] : tree.members)
    if (auto patch = read_patch(value, Whole::Allowed, problems);
        check_label(label, "a label of `also`", place, problems))
      also.push_back({label, place, std::move(patch)});
  return also;
}

Design read_design(const std::string& name, const Place& place, const Tree* arguments, Sweep& sweep,
                   const Combination& at, Problems& problems) {
  const auto* kind = find_design(name);
  if (!kind) {
    problems.error(place, fmt::format("unknown design '{}'{}; there are {}", name,
                                      suggestion(name, design_names()), fmt::join(design_names(), ", ")));
    return {};
  }
  auto design = kind->read({sweep, at, arguments, place}, problems);
  design.name = name;
  return design;
}

/// `design`: a name, or {name: arguments}.
Design read_named_design(const Tree& tree, Sweep& sweep, const Combination& at, Problems& problems) {
  if (tree.is(Tree::Kind::String)) return read_design(tree.text, tree.place, nullptr, sweep, at, problems);
  if (tree.is(Tree::Kind::Object) && tree.members.size() == 1) {
    const auto& [name, place, arguments] = tree.members.front();
    return read_design(name, place, &arguments, sweep, at, problems);
  }
  problems.error(tree.place, "`design` is a name, or {name: arguments}");
  return {};
}

void read_columns(const Tree& columns, Panel& panel, Problems& problems) {
  std::vector<std::string> names{"backbone"};
  for (const auto* factor : panel.design.factors) names.push_back(factor->name);
  panel.columns = columns.text;
  if (std::ranges::find(names, columns.text) == names.end())
    problems.error(columns.place, fmt::format("`columns` names no factor that this table varies: '{}'{}",
                                              columns.text, suggestion(columns.text, names)));
}

/// One design: under its own name, or as `design`; without any, one_at_a_time over all factors.
void read_panel_design(const Tree& tree, Sweep& sweep, Panel& panel, Problems& problems) {
  int designs = 0;
  for (const auto& [key, place, value] : tree.members) {
    const bool named = find_design(key) != nullptr;
    if (!named && key != "design") continue;
    if (++designs > 1) {
      problems.error(place, "a table has one design");
      return;
    }
    panel.design = named ? read_design(key, place, &value, sweep, panel.at, problems)
                         : read_named_design(value, sweep, panel.at, problems);
  }
  if (designs == 0)
    panel.design = read_design("one_at_a_time", tree.place, nullptr, sweep, panel.at, problems);
}

void read_panel_backbones(const Tree& tree, const Sweep& sweep, Panel& panel, Problems& problems) {
  const Tree* rows = member_of_kind(tree, "backbones", Tree::Kind::Array, problems);
  panel.backbones = rows ? std::vector<std::string>{} : row_labels(sweep);
  if (!rows) return;
  for (const auto& item : rows->items)
    if (check_row_label(sweep, item, problems)) panel.backbones.push_back(label_text(item));
  if (rows->items.empty())
    problems.error(rows->place, "`backbones` of a table lists labels of the sweep's backbones");
}

void read_at(const Tree& tree, const Sweep& sweep, Panel& panel, Problems& problems) {
  const Tree* at = member_of_kind(tree, "at", Tree::Kind::Object, problems);
  if (!at) return;
  for (const auto& member : at->members)
    if (const auto choice = find_choice(sweep, member, problems); choice && choice->level)
      panel.at.push_back(*choice);
}

void read_layout(const Tree& tree, Panel& panel, Problems& problems) {
  if (const Tree* set = tree.find("set")) panel.set = read_patch(*set, Whole::Allowed, problems);
  if (const Tree* also = member_of_kind(tree, "also", Tree::Kind::Object, problems))
    panel.also = read_also(*also, problems);
  if (const Tree* title = member_of_kind(tree, "title", Tree::Kind::String, problems))
    panel.title = title->text;
  if (const Tree* seeds = tree.find("seeds")) panel.seeds = read_seeds(*seeds, problems);
}

Panel read_panel(const Tree& tree, Sweep& sweep, const std::vector<std::uint64_t>& seeds,
                 Problems& problems) {
  std::vector<std::string> keys{"title",   "at",        "set",   "also",  "columns",
                                "exclude", "backbones", "seeds", "design"};
  for (const auto& name : design_names()) keys.push_back(name);
  for (const auto& member : tree.members)
    if (std::ranges::find(keys, member.key) == keys.end())
      problems.error(member.place,
                     fmt::format("unknown key '{}' of a table{}; its design is one of {}", member.key,
                                 suggestion(member.key, keys), fmt::join(design_names(), ", ")));
  Panel panel{.place = tree.place, .seeds = seeds};
  read_layout(tree, panel, problems);
  read_panel_backbones(tree, sweep, panel, problems);
  Problems of_design;
  read_at(tree, sweep, panel, of_design);
  read_panel_design(tree, sweep, panel, of_design);
  sweep.broken |= !of_design.ok();
  add_problems(of_design, problems);
  panel.exclude = read_exclude(tree, sweep, problems);
  if (const Tree* columns = member_of_kind(tree, "columns", Tree::Kind::String, problems))
    read_columns(*columns, panel, problems);
  return panel;
}

void read_single_panel(const Tree& root, Sweep& sweep, const std::vector<std::uint64_t>& seeds,
                       Problems& problems) {
  Panel panel{.title = sweep.title, .place = root.place, .backbones = row_labels(sweep), .seeds = seeds};
  const Tree* design = root.find("design");
  Problems of_design;
  panel.design = design ? read_named_design(*design, sweep, {}, of_design)
                        : read_design("one_at_a_time", root.place, nullptr, sweep, {}, of_design);
  sweep.broken |= !of_design.ok();
  add_problems(of_design, problems);
  sweep.panels.push_back(std::move(panel));
}

void not_a_table(const Tree& item, Sweep& sweep, Problems& problems) {
  sweep.broken = true;
  problems.error(item.place, fmt::format("a table is an object, found {}", kind_name(item.kind)));
}

void read_tables(const Tree& root, const Tree& tables, Sweep& sweep, const std::vector<std::uint64_t>& seeds,
                 Problems& problems) {
  if (const Tree* design = root.find("design"))
    problems.error(design->place, "a sweep has `design` or `tables`, not both");
  if (tables.items.empty()) problems.error(tables.place, "`tables` is empty");
  for (const auto& item : tables.items)
    if (item.is(Tree::Kind::Object))
      sweep.panels.push_back(read_panel(item, sweep, seeds, problems));
    else
      not_a_table(item, sweep, problems);
}

}  // namespace

std::optional<Choice> find_choice(const Sweep& sweep, const Member& member, Problems& problems) {
  const auto* factor = sweep.factor(member.key);
  if (!factor) {
    problems.error(member.place, fmt::format("unknown factor '{}'{}", member.key,
                                             suggestion(member.key, factor_names(sweep))));
    return std::nullopt;
  }
  const auto label = label_text(member.value);
  if (label == "reference") return Choice{factor, nullptr};
  if (const auto* level = factor->level(label)) return Choice{factor, level};
  if (factor->levels.empty()) return std::nullopt;  // its mistake is reported where it stands
  std::vector<std::string> labels{"reference"};
  for (const auto& level : factor->levels) labels.push_back(level.label);
  problems.error(member.value.place, fmt::format("the factor '{}' has no level '{}'{}; it has {}", member.key,
                                                 label, suggestion(label, labels), fmt::join(labels, ", ")));
  return std::nullopt;
}

void read_panels(const Tree& root, Sweep& sweep, Problems& problems) {
  const Tree* given_seeds = root.find("seeds");
  const auto seeds = given_seeds ? read_seeds(*given_seeds, problems) : std::vector<std::uint64_t>{1};
  const Tree* tables = member_of_kind(root, "tables", Tree::Kind::Array, problems);
  if (tables)
    read_tables(root, *tables, sweep, seeds, problems);
  else if (root.find("tables"))
    sweep.broken = true;
  else
    read_single_panel(root, sweep, seeds, problems);
  sweep.exclude = read_exclude(root, sweep, problems);  // may name factors that a design made
}

}  // namespace ablate
