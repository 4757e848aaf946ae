#include "ingredients/optimizer/chosen.h"

namespace ablate::ingredients {

std::optional<ChosenOptimizer> chosen_optimizer(const RecipeView& recipe) {
  if (!recipe.has("optimizer")) return std::nullopt;
  for (const auto& [key, settings] : recipe.recipe.at("optimizer").items()) {
    const auto name = without_copy(key);
    const auto* entry = find_ingredient("optimizer", name);
    if (entry && !entry->wrapper) return ChosenOptimizer{name, settings};
  }
  return std::nullopt;
}

}  // namespace ablate::ingredients
