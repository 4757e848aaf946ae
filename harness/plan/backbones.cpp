#include <fmt/format.h>

#include <algorithm>

#include "harness/plan/names.h"
#include "harness/plan/sweep.h"

namespace ablate {
namespace {

Tree expanded_network(const Tree& tree) {
  Tree network = tree;
  expand_bare_name("backbone", network);
  return network;
}

void add_row(const std::string& label, const Place& place, const Tree& value, Sweep& sweep,
             Problems& problems) {
  if (!check_label(label, "a backbone's label", place, problems)) return;
  if (std::ranges::find(sweep.backbones, label, &BackboneRow::label) != sweep.backbones.end())
    problems.error(place, fmt::format("two backbones are labelled '{}'", label));
  else
    sweep.backbones.push_back({label, place, expanded_network(value), {}});
}

void read_rows(const Tree& tree, Sweep& sweep, Problems& problems) {
  if (tree.is(Tree::Kind::Object)) {
    for (const auto& [label, place, value] : tree.members) add_row(label, place, value, sweep, problems);
  } else if (tree.is(Tree::Kind::Array)) {
    for (const auto& item : tree.items)
      if (item.is(Tree::Kind::String))
        add_row(item.text, item.place, item, sweep, problems);
      else
        problems.error(item.place,
                       "a list of backbones holds names; parameters go with labels: {label: {name: {...}}}");
  }
  if (tree.items.empty() && tree.members.empty())
    problems.error(tree.place, "`backbones` is a list of names, or {label: {name: {parameters}}}");
}

void read_adapt(const Tree& tree, Sweep& sweep, Problems& problems) {
  std::vector<std::string> labels;
  for (const auto& row : sweep.backbones) labels.push_back(row.label);
  for (const auto& [label, place, value] : tree.members) {
    const auto row = std::ranges::find(sweep.backbones, label, &BackboneRow::label);
    auto patch = read_patch(value, Whole::Refused, problems);
    if (row == sweep.backbones.end())
      problems.error(place, fmt::format("`adapt` names no backbone of the sweep: '{}'{}", label,
                                        suggestion(label, labels)));
    else
      row->adapt = std::move(patch);
  }
}

}  // namespace

void read_backbones(const Tree& root, Sweep& sweep, Problems& problems) {
  if (const Tree* rows = root.find("backbones")) {
    read_rows(*rows, sweep, problems);
  } else if (const Tree* own = sweep.base ? sweep.base->find("backbone") : nullptr;
             own && own->is(Tree::Kind::Object) && !own->members.empty()) {
    const auto& first = own->members.front();
    add_row(first.key, first.place, *own, sweep, problems);
  } else if (sweep.base) {
    problems.error(root.place, "no network: the sweep has no `backbones` and the recipe no `backbone`");
  }
  if (const Tree* adapt = member_of_kind(root, "adapt", Tree::Kind::Object, problems))
    read_adapt(*adapt, sweep, problems);
}

}  // namespace ablate
