#include <fmt/format.h>

#include <algorithm>

#include "harness/plan/designs.h"

namespace ablate {

Design list_of_arms(const DesignInput& input, Problems& problems) {
  Design design;
  if (!input.arguments || !input.arguments->is(Tree::Kind::Array) || input.arguments->items.empty()) {
    problems.error(input.arguments ? input.arguments->place : input.place,
                   "`list` takes a list of {factor: label}");
    return design;
  }
  for (const auto& item : input.arguments->items) {
    if (!item.is(Tree::Kind::Object)) {
      problems.error(item.place,
                     fmt::format("an arm of `list` is {{factor: label}}, found {}", kind_name(item.kind)));
      continue;
    }
    Combination arm;
    for (const auto& member : item.members) {
      const auto choice = find_choice(input.sweep, member, problems);
      if (!choice) continue;
      if (std::ranges::find(design.factors, choice->factor) == design.factors.end())
        design.factors.push_back(choice->factor);
      if (choice->level) arm.push_back(*choice);
    }
    if (!arm.empty()) design.arms.push_back(std::move(arm));
  }
  return design;
}

}  // namespace ablate
