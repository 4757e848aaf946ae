#include <fmt/format.h>

#include <algorithm>

#include "harness/plan/designs.h"
#include "ingredients/catalogue.h"

namespace ablate {
namespace {

/// The level `off` of a family or ingredient: the sweep's own, if it has one, else made here.
Choice off_level(Sweep& sweep, const std::string& name, const Place& place) {
  if (const auto* factor = sweep.factor(name); factor && factor->level("off"))
    return {factor, factor->level("off")};
  const auto made = std::ranges::find(sweep.generated, name, &Factor::name);
  if (made != sweep.generated.end()) return {&*made, &made->levels[0]};
  Level level{"off", place, {{split_path(name), place, Tree::string("off", place)}}};
  sweep.generated.push_back({.name = name, .place = place, .is_path = true, .levels = {std::move(level)}});
  return {&sweep.generated.back(), &sweep.generated.back().levels[0]};
}

}  // namespace

Design leave_one_out(const DesignInput& input, Problems& problems) {
  Design design;
  if (!input.arguments || !input.arguments->is(Tree::Kind::Array) || input.arguments->items.empty()) {
    problems.error(input.arguments ? input.arguments->place : input.place,
                   "`leave_one_out` takes a list of families");
    return design;
  }
  std::vector<std::string> known;
  for (const auto& family : families()) known.push_back(family.name);
  for (const auto& item : input.arguments->items) {
    const auto name = label_text(item);
    const auto path = split_path(name);
    if (!find_family(path[0]) || path.size() > 2) {
      problems.error(item.place, fmt::format("unknown family '{}'{}", name, suggestion(name, known)));
    } else if (check_path(path, item.place, Whole::Refused, problems)) {
      const auto choice = off_level(input.sweep, name, item.place);
      if (std::ranges::find(design.factors, choice.factor) != design.factors.end()) {
        problems.error(item.place, fmt::format("'{}' is listed twice", name));
        continue;
      }
      design.factors.push_back(choice.factor);
      design.arms.push_back({choice});
    }
  }
  return design;
}

}  // namespace ablate
