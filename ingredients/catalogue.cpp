#include "ingredients/catalogue.h"

#include <algorithm>
#include <set>

#include "harness/core/problems.h"

namespace ablate {
namespace {

/// The ingredients of a family that are on, or null ("off", absent, none).
const nlohmann::json* family_of(const nlohmann::json& recipe, const std::string& family) {
  const auto found = recipe.find(family);
  return found != recipe.end() && found->is_object() && !found->empty() ? &*found : nullptr;
}

const std::vector<IngredientEntry>& checked_catalogue() {
  static const bool checked = (check_catalogue(ingredient_catalogue()), true);
  (void)checked;
  return ingredient_catalogue();
}

}  // namespace

const nlohmann::json* RecipeView::on(const std::string& family, const std::string& name) const {
  const auto* ingredients = family_of(recipe, family);
  if (!ingredients) return nullptr;
  if (const auto exact = ingredients->find(name); exact != ingredients->end()) return &*exact;
  for (auto it = ingredients->begin(); it != ingredients->end(); ++it)
    if (without_copy(it.key()) == name) return &*it;
  return nullptr;
}

bool RecipeView::has(const std::string& family) const {
  return family_of(recipe, family) != nullptr;
}

void add_interaction(IngredientHeader& header, const std::string& sentence) {
  if (!header.interactions.empty()) header.interactions += ' ';
  header.interactions += sentence;
}

bool IngredientEntry::is_neutral(const nlohmann::json& settings) const {
  const auto matches = [&](const nlohmann::json& object) {
    for (auto it = object.begin(); it != object.end(); ++it)
      if (const auto given = settings.find(it.key()); given == settings.end() || *given != *it) return false;
    return true;
  };
  return std::any_of(neutral.begin(), neutral.end(), matches);
}

const std::vector<Family>& families() {
  static const std::vector<Family> all{
      {"reparam", Arity::AtMostOne, "Train sums of branches that fold into one convolution."},
      {"distill", Arity::Any, "Learn from what a teacher says of the same pixels."},
      {"mix", Arity::AtMostOne, "Combine images of a batch and their targets."},
      {"augment", Arity::Any, "Change each image by random draws of its own."},
      {"loss", Arity::Any, "Change targets or the task term."},
      {"regularize", Arity::Any, "Hold back weights, gradients or activations."},
      {"optimizer", Arity::ExactlyOneAndWrappers, "Turn gradients into updates."},
      {"schedule", Arity::AtMostOne, "The learning rate over the training."},
      {"average", Arity::Any, "Averages of the weights, evaluated in their place."},
      {"sparsify", Arity::AtMostOne, "Train a part of the weights, alone or beside the whole."},
      {"curriculum", Arity::Any, "What is shown when: order, size, repetition."}};
  return all;
}

const Family* find_family(const std::string& name) {
  const auto found = std::find_if(families().begin(), families().end(),
                                  [&](const Family& family) { return family.name == name; });
  return found == families().end() ? nullptr : &*found;
}

void check_catalogue(const std::vector<IngredientEntry>& entries) {
  std::set<std::string> names;
  for (const auto& entry : entries) {
    if (!find_family(entry.family)) throw Error("ingredient " + entry.name + " belongs to no family");
    if (!names.insert(entry.name).second) throw Error("two ingredients are called " + entry.name);
  }
}

const IngredientEntry* find_ingredient(const std::string& family, const std::string& name) {
  for (const auto& entry : checked_catalogue())
    if (entry.family == family && entry.short_name == name) return &entry;
  return nullptr;
}

std::string without_copy(const std::string& key) {
  return key.substr(0, key.find('@'));
}

}  // namespace ablate
