#include <iostream>

#include <fmt/format.h>

#include "backbones/catalogue.h"
#include "harness/cli/command.h"
#include "harness/cli/command_line.h"
#include "harness/core/problems.h"
#include "harness/data/catalogue.h"
#include "harness/plan/plan.h"
#include "ingredients/catalogue.h"
#include "ingredients/recipe.h"

namespace ablate::cli {
namespace {

/// What any entry of any catalogue has to say.
struct Card {
  std::string name, doc, source;
  int version = 1;
  const std::vector<ParamInfo>* params = nullptr;
  const IngredientHeader* ingredient = nullptr;
  bool part = false;  // of a recipe, no entry of a catalogue
};

std::vector<Card> cards() {
  std::vector<Card> all;
  for (const auto& entry : ingredient_catalogue())
    all.push_back({entry.name, entry.doc, entry.source, entry.version, &entry.params, &entry});
  for (const auto& entry : backbone_catalogue())
    all.push_back({"backbone." + entry.name, entry.doc, entry.source, entry.version, &entry.params});
  for (const auto& entry : data_catalogue())
    all.push_back({"data." + entry.name, entry.doc, entry.source, entry.version, &entry.params});
  all.push_back({"train", "What the trainer itself needs to know.", "", kTrainerVersion,
                 &train_fields().info(), nullptr, true});
  all.push_back({"evaluate", "When and how a network is evaluated.", "", kTrainerVersion,
                 &evaluate_fields().info(), nullptr, true});
  return all;
}

Card find_card(const std::string& name) {
  std::vector<std::string> known;
  for (const auto& card : cards()) {
    if (card.name == name) return card;
    known.push_back(card.name);
  }
  // The family may be left out where that is clear.
  std::vector<Card> ends;
  for (const auto& card : cards())
    if (card.name.ends_with("." + name)) ends.push_back(card);
  if (ends.size() == 1) return ends.front();
  throw UsageError(fmt::format("nothing is called '{}'{}; 'ablate describe' lists all names", name,
                               suggestion(name, known)));
}

void print_neutral(const IngredientHeader& header) {
  if (header.neutral.empty()) {
    std::cout << fmt::format("never neutral: {}\n", header.no_neutral);
    return;
  }
  std::cout << "neutral, the same as off:";
  for (std::size_t i = 0; i < header.neutral.size(); ++i)
    std::cout << (i > 0 ? " or " : " ") << header.neutral[i].dump();
  std::cout << '\n';
}

void print_ingredient(const IngredientHeader& header) {
  if (header.passive)
    std::cout << "passive: never changes the weights being trained, so such runs share one training\n";
  if (header.wrapper) std::cout << "wraps the optimizer that stands beside it\n";
  if (header.needs_teacher) std::cout << "needs a teacher\n";
  print_neutral(header);
  if (header.counters.empty()) return;
  std::cout << "counters, one of which proves that it acted:";
  for (const auto& counter : header.counters) std::cout << ' ' << counter;
  std::cout << '\n';
}

void print_card(const Card& card) {
  std::cout << fmt::format("{}\n  {}\n", card.name, card.doc);
  if (!card.source.empty()) std::cout << fmt::format("source: {}\n", card.source);
  std::cout << fmt::format("version: {}\n", card.version);
  if (card.ingredient) print_ingredient(*card.ingredient);
  if (card.params->empty()) std::cout << "no parameters\n";
  for (const auto& param : *card.params) {
    std::cout << fmt::format("  {}: {}\n    {}\n", param.name, describe_values(param), param.doc);
    if (!param.source.empty()) std::cout << fmt::format("    source: {}\n", param.source);
  }
}

}  // namespace

ExitStatus describe_entry(const Arguments& arguments) {
  CommandLine line("describe [NAME] [options]",
                   "Without a name: every ingredient, backbone and data set, one a line. With one: what it "
                   "does, where it\n"
                   "comes from, and its parameters.");
  line.argument("NAME");
  line.options()("schema", "the JSON Schema of sweeps, or of the named entry's parameters");
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  const bool schema = values->count("schema") > 0;
  const auto name = text_of(*values, "NAME");
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
