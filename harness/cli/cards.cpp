#include "harness/cli/cards.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backbones/catalogue.h"
#include "harness/cli/command_line.h"
#include "harness/core/problems.h"
#include "harness/data/catalogue.h"
#include "ingredients/recipe.h"

namespace ablate::cli {

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
  std::vector<Card> ends;
  for (const auto& card : cards()) {
    if (card.name == name) return card;
    if (card.name.ends_with("." + name)) ends.push_back(card);
    known.push_back(card.name);
  }
  if (ends.size() == 1) return ends.front();
  throw UsageError(fmt::format("nothing is called '{}'{}; 'ablate describe' lists all names", name,
                               suggestion(name, known)));
}

std::string neutral_text(const IngredientHeader& header) {
  std::vector<std::string> settings;
  for (const auto& neutral : header.neutral) settings.push_back(neutral.dump());
  return fmt::format("{}", fmt::join(settings, " or "));
}

}  // namespace ablate::cli
