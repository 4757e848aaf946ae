#include <algorithm>
#include <iostream>
#include <sstream>

#include <fmt/format.h>

#include "harness/cli/cards.h"
#include "harness/cli/command.h"
#include "harness/cli/command_line.h"
#include "harness/plan/plan.h"

namespace ablate::cli {
namespace {

/// The words of a text in lines of at most 100 columns, each behind so many spaces.
void print_lines(const std::string& text, std::size_t indent) {
  constexpr std::size_t kColumns = 100;
  std::istringstream words(text);
  std::string line, word;
  const auto print = [&] { std::cout << fmt::format("{:{}}{}\n", "", indent, line); };
  while (words >> word) {
    if (!line.empty() && indent + line.size() + 1 + word.size() > kColumns) {
      print();
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  if (!line.empty()) print();
}

/// Clauses stand on lines of their own.
void print_formula(const std::string& formula) {
  if (formula.empty()) return;
  std::cout << "formula:\n";
  for (std::size_t at = 0; at < formula.size();) {
    const auto end = std::min(formula.find("; ", at), formula.size());
    print_lines(formula.substr(at, end - at), 2);
    at = end + 2;
  }
}

void print_neutral(const IngredientHeader& header) {
  if (header.neutral.empty()) {
    std::cout << fmt::format("never neutral: {}\n", header.no_neutral);
    return;
  }
  std::cout << fmt::format("neutral, the same as off: {}\n", neutral_text(header));
}

void print_ingredient(const IngredientHeader& header) {
  print_formula(header.formula);
  if (!header.interactions.empty()) std::cout << "with others:\n";
  print_lines(header.interactions, 2);
  if (header.passive)
    std::cout << "passive: never changes the weights being trained, so such runs share one training\n";
  if (header.wrapper) std::cout << "wraps the optimizer that stands beside it\n";
  if (header.needs_teacher) std::cout << "needs a teacher\n";
  print_neutral(header);
  if (!header.no_window.empty()) std::cout << fmt::format("always active: {}\n", header.no_window);
  if (header.counters.empty()) return;
  std::cout << "counters, one of which proves that it acted:";
  for (const auto& counter : header.counters) std::cout << ' ' << counter;
  std::cout << '\n';
}

void print_card(const Card& card) {
  std::cout << card.name << '\n';
  print_lines(card.doc, 2);
  if (!card.source.empty()) std::cout << fmt::format("source: {}\n", card.source);
  std::cout << fmt::format("version: {}\n", card.version);
  if (card.ingredient) print_ingredient(*card.ingredient);
  if (card.params->empty()) std::cout << "no parameters\n";
  for (const auto& param : *card.params) {
    std::cout << fmt::format("  {}: {}\n", param.name, describe_values(param));
    print_lines(param.doc, 4);
    if (!param.source.empty()) print_lines("default from: " + param.source, 4);
  }
}

}  // namespace

ExitStatus describe_entry(const Arguments& arguments) {
  CommandLine line("describe [NAME] [options]",
                   "Without a name: every ingredient, backbone and data set, one a line. With one: what it "
                   "does, where it\n"
                   "comes from, and its parameters.");
  line.argument("NAME");
  line.options()("schema", "the JSON Schema of sweeps, or of the named entry's parameters")(
      "markdown", "the reference page, whole or of the named entry");
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  const bool schema = values->count("schema") > 0;
  const auto name = text_of(*values, "NAME");
  if (values->count("markdown") > 0) {
    std::cout << reference_page(name.empty() ? cards() : std::vector{find_card(name)});
    return ExitStatus::Done;
  }
  if (schema)
    std::cout << (name.empty() ? sweep_schema() : schema_of(*find_card(name).params)).dump(2) << '\n';
  else if (!name.empty())
    print_card(find_card(name));
  else
    for (const auto& card : cards())
      if (!card.part) std::cout << fmt::format("{:<28} {}\n", card.name, card.doc);
  return ExitStatus::Done;
}

}  // namespace ablate::cli
