#include "ingredients/loss/task_term.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ablate::ingredients {

std::vector<std::string> task_term_refusals(const RecipeView& recipe) {
  std::vector<std::string> names;
  for (const auto& family : families()) {
    if (!recipe.has(family.name)) continue;
    for (const auto& [key, settings] : recipe.recipe.at(family.name).items()) {
      const auto* entry = find_ingredient(family.name, without_copy(key));
      if (entry && entry->task_term) names.push_back(fmt::format("{}.{}", family.name, key));
    }
  }
  if (names.size() < 2) return {};
  return {fmt::format("{} all replace the task term, of which there is one; keep one of them",
                      fmt::join(names, " and "))};
}

}  // namespace ablate::ingredients
