#pragma once

#include <string>
#include <vector>

#include "ingredients/catalogue.h"

namespace ablate::ingredients {

/// The task term has one weight: every distillation that is on must ask for the same `ce_weight`.
std::vector<std::string> task_weight_refusals(const nlohmann::json& settings, const RecipeView& recipe);

}  // namespace ablate::ingredients
