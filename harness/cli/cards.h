#pragma once

#include <string>
#include <vector>

#include "ingredients/catalogue.h"

namespace ablate::cli {

/// What any entry of any catalogue has to say.
struct Card {
  std::string name, doc, source;  // "distill.logit", "backbone.resnet", "data.folder", "train"
  int version = 1;
  const std::vector<ParamInfo>* params = nullptr;
  const IngredientHeader* ingredient = nullptr;
  bool part = false;  // of a recipe, no entry of a catalogue
};

/// Ingredients, backbones, data sets, parts of a recipe.
std::vector<Card> cards();
/// By name; the family may be left out where that is clear. Throws UsageError when nothing is called so.
Card find_card(const std::string& name);

/// "{...} or {...}": the settings at which an ingredient is the same as off; "" when there are none.
std::string neutral_text(const IngredientHeader& header);

/// The reference page of these cards in Markdown, a heading a family.
std::string reference_page(const std::vector<Card>& cards);

}  // namespace ablate::cli
