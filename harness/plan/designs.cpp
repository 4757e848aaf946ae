#include "harness/plan/designs.h"

#include <fmt/format.h>

#include <algorithm>

namespace ablate {

const std::vector<DesignKind>& design_kinds() {
  static const std::vector<DesignKind> kinds{
      {"one_at_a_time", "The reference and each level alone.", names_schema(), one_at_a_time},
      {"leave_one_out", "The reference and, for each named family, the reference without it.", names_schema(),
       leave_one_out},
      {"grid", "Every combination of levels, the reference's own included.", names_schema(), grid},
      {"list",
       "The reference and the listed combinations.",
       {{"type", "array"}, {"items", {{"type", "object"}}}, {"minItems", 1}},
       list_of_arms}};
  return kinds;
}

const DesignKind* find_design(const std::string& name) {
  const auto found = std::ranges::find(design_kinds(), name, &DesignKind::name);
  return found == design_kinds().end() ? nullptr : &*found;
}

std::vector<std::string> design_names() {
  std::vector<std::string> names;
  for (const auto& kind : design_kinds()) names.push_back(kind.name);
  return names;
}

nlohmann::json names_schema() {
  return {{"type", "array"}, {"items", {{"type", "string"}}}, {"minItems", 1}};
}

std::vector<const Factor*> factors_of(const DesignInput& input, Problems& problems) {
  std::vector<const Factor*> factors;
  std::vector<std::string> known;
  for (const auto& factor : input.sweep.factors) {
    known.push_back(factor.name);
    const auto fixed = std::ranges::find(input.at, &factor, &Choice::factor) != input.at.end();
    if (!input.arguments && !fixed) factors.push_back(&factor);
  }
  if (!input.arguments) return factors;
  if (!input.arguments->is(Tree::Kind::Array) || input.arguments->items.empty()) {
    problems.error(input.arguments->place, "a design takes a list of factors");
    return factors;
  }
  for (const auto& item : input.arguments->items) {
    const auto* factor = item.is(Tree::Kind::String) ? input.sweep.factor(item.text) : nullptr;
    if (!factor)
      problems.error(item.place, fmt::format("unknown factor '{}'{}", label_text(item),
                                             suggestion(label_text(item), known)));
    else if (std::ranges::find(factors, factor) != factors.end())
      problems.error(item.place, fmt::format("the factor '{}' is listed twice", item.text));
    else
      factors.push_back(factor);
  }
  return factors;
}

}  // namespace ablate
