// The reference in Markdown, made from the declarations.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/cards.h"

namespace ablate::cli {
namespace {

std::string family_of(const Card& card) {
  return card.name.substr(0, card.name.find('.'));
}

std::string family_heading(const std::string& family) {
  if (const auto* known = find_family(family)) return fmt::format("## {}\n\n{}\n\n", family, known->doc);
  if (family == "backbone") return "## backbone\n\nThe networks.\n\n";
  if (family == "data") return "## data\n\nThe data sets.\n\n";
  return fmt::format("## {}\n\n", family);
}

/// Text that may stand in a cell of a table.
std::string cell(std::string text) {
  for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.insert(at, "\\");
  return text;
}

std::string parameters_table(const std::vector<ParamInfo>& params) {
  if (params.empty()) return "No parameters.\n\n";
  std::string text = "| parameter | values | meaning | default from |\n|---|---|---|---|\n";
  for (const auto& param : params)
    text += fmt::format("| `{}` | {} | {} | {} |\n", param.name, cell(describe_values(param)),
                        cell(param.doc), cell(param.source));
  return text + "\n";
}

std::string ingredient_facts(const IngredientHeader& header) {
  std::string text;
  if (!header.formula.empty()) text += fmt::format("- Formula: `{}`\n", header.formula);
  if (!header.interactions.empty()) text += fmt::format("- With others: {}\n", header.interactions);
  if (header.passive) text += "- Passive: such runs share one training with those without it\n";
  if (header.wrapper) text += "- Wraps the optimizer that stands beside it\n";
  if (header.needs_teacher) text += "- Needs a teacher\n";
  text += header.neutral.empty() ? fmt::format("- Never neutral: {}\n", header.no_neutral)
                                 : fmt::format("- The same as off: `{}`\n", neutral_text(header));
  if (!header.no_window.empty()) text += fmt::format("- Always active: {}\n", header.no_window);
  return text + fmt::format("- Counters: {}\n", fmt::join(header.counters, ", "));
}

std::string section(const Card& card) {
  auto text = card.part ? card.doc + "\n\n" : fmt::format("### {}\n\n{}\n\n", card.name, card.doc);
  if (!card.source.empty()) text += fmt::format("- Source: {}\n", card.source);
  if (card.ingredient) text += ingredient_facts(*card.ingredient);
  return text + fmt::format("- Version: {}\n\n", card.version) + parameters_table(*card.params);
}

}  // namespace

std::string reference_page(const std::vector<Card>& cards) {
  std::string family;
  std::string text =
      "# Reference\n\nEverything that a recipe can hold, as the program declares it: `ablate describe "
      "--markdown`.\n"
      "An ingredient stands in a recipe as `\"family\": {\"name\": {\"parameter\": value}}`; what is left "
      "out has its default.\n\n"
      "In formulas, words are parameters by their names, and lr is the base rate; w stands for weights, g "
      "for their gradient, x for an image, q for its target, z for logits, p for probabilities, f for maps, "
      "n for the images of a batch, c for the K classes, s for the student, t for the teacher (of schedules: "
      "for the step), and `<-` for what takes the place of what was there.\n\n";
  for (const auto& card : cards) {
    if (family_of(card) != family) text += family_heading(family_of(card));
    family = family_of(card);
    text += section(card);
  }
  return text;
}

}  // namespace ablate::cli
