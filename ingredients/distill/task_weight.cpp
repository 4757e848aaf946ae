#include "ingredients/distill/task_weight.h"

#include <fmt/format.h>

namespace ablate::ingredients {

std::vector<std::string> task_weight_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  if (!recipe.has("distill")) return {};
  const auto own = settings.at("ce_weight").get<double>();
  std::vector<std::string> reasons;
  const auto& family = recipe.recipe.at("distill");
  for (auto it = family.begin(); it != family.end(); ++it) {
    const double other = it->value("ce_weight", own);
    if (other != own)
      reasons.push_back(fmt::format(
          "ce_weight {} differs from the {} of distill.{}: the task term has one weight, give both the same",
          own, other, it.key()));
  }
  return reasons;
}

}  // namespace ablate::ingredients
