#include "ingredients/augment/refusals.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ablate::ingredients {

std::vector<std::string> refuse_beside(const RecipeView& recipe, const std::string& self,
                                       const std::vector<std::string>& rivals, const std::string& why) {
  const auto family = recipe.recipe.find("augment");
  if (family == recipe.recipe.end() || !family->is_object()) return {};
  std::vector<std::string> on;
  for (const auto& [key, settings] : family->items())
    if (std::count(rivals.begin(), rivals.end(), without_copy(key))) on.push_back(key);
  std::sort(on.begin(), on.end());
  if (on.size() < 2 || without_copy(on.front()) != self) return {};
  return {fmt::format("{} are on: {}; keep one", fmt::join(on, " and "), why)};
}

std::vector<std::string> refuse_two_crops(const RecipeView& recipe, const std::string& self) {
  return refuse_beside(recipe, self, {"crop", "resized_crop"}, "both cut the image");
}

std::vector<std::string> refuse_two_policies(const RecipeView& recipe, const std::string& self) {
  return refuse_beside(recipe, self, {"augmix", "autoaugment", "randaugment", "trivialaugment"},
                       "each is a whole policy of operations");
}

std::vector<std::string> refuse_two_holes(const RecipeView& recipe, const std::string& self) {
  return refuse_beside(recipe, self, {"cutout", "erasing"}, "both blank out a part of the image");
}

std::vector<std::string> refuse_hole_beside_augmix(const RecipeView& recipe, const std::string& self) {
  if (!recipe.on("augment", "augmix")) return {};
  return {
      fmt::format("augmix compares views with a clean one, which {} would tear holes into; keep one", self)};
}

std::vector<std::string> refuse_reversed(const nlohmann::json& settings, const std::string& name) {
  const double from = settings.at(name).at(0), to = settings.at(name).at(1);
  if (from <= to) return {};
  return {fmt::format("{} [{}, {}] runs backwards; swap the two", name, from, to)};
}

void append_reasons(std::vector<std::string>& reasons, std::vector<std::string> more) {
  reasons.insert(reasons.end(), more.begin(), more.end());
}

}  // namespace ablate::ingredients
