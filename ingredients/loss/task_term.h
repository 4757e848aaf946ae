#pragma once

#include <string>
#include <vector>

#include "ingredients/catalogue.h"

namespace ablate::ingredients {

/// The task term is replaced once: why not by this recipe's ingredients, if two of them would.
std::vector<std::string> task_term_refusals(const RecipeView& recipe);

}  // namespace ablate::ingredients
