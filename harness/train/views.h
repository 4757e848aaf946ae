#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/train/kit.h"
#include "harness/train/task.h"

namespace ablate::training {

/// Everything that fixes the pixels of the views that training shows (`curriculum.reinforced`): where two
/// descriptions are equal, the same image in the same view has the same bytes.
nlohmann::json describe_views(const Task& task, const Kit& kit);

/// Of the first ingredient that fixes one.
std::optional<std::uint64_t> image_seed(const Kit& kit);

/// True for what draws the pixels of single images: it draws by the image seed where there is one.
bool draws_images(const IngredientHeader& header);

}  // namespace ablate::training
