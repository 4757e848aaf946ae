#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ingredients/catalogue.h"

namespace ablate::ingredients {

using Refuses = std::function<std::vector<std::string>(const nlohmann::json& settings, const RecipeView&)>;

/// One reason when a recipe has more than one of these augmentations on: only the first of them in the order
/// of names gives it.
std::vector<std::string> refuse_beside(const RecipeView& recipe, const std::string& self,
                                       const std::vector<std::string>& rivals, const std::string& why);

/// Both cut the image.
std::vector<std::string> refuse_two_crops(const RecipeView& recipe, const std::string& self);
/// Both draw operations.
std::vector<std::string> refuse_two_policies(const RecipeView& recipe, const std::string& self);
/// Both blank out a part of the image.
std::vector<std::string> refuse_two_holes(const RecipeView& recipe, const std::string& self);

/// A view that should stay clean would have a hole.
std::vector<std::string> refuse_hole_beside_augmix(const RecipeView& recipe, const std::string& self);

/// Why a range given as [from, to] is none.
std::vector<std::string> refuse_reversed(const nlohmann::json& settings, const std::string& name);

void append_reasons(std::vector<std::string>& reasons, std::vector<std::string> more);

}  // namespace ablate::ingredients
