#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "ingredients/catalogue.h"

namespace ablate::ingredients {

/// The optimizer of a recipe, wrappers aside.
struct ChosenOptimizer {
  std::string name;  // "sgd"
  nlohmann::json settings;
};

/// Nothing when the recipe has none (an error of its own).
std::optional<ChosenOptimizer> chosen_optimizer(const RecipeView& recipe);

}  // namespace ablate::ingredients
