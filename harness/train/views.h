#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "harness/train/batches.h"

namespace ablate::training {

/// Everything that fixes the pixels of the views that training shows (`curriculum.reinforced`): where two
/// descriptions are equal, the same image in the same view has the same bytes.
nlohmann::json describe_views(const Task& task, const Kit& kit);

/// The training images as their view of that number shows them, in the order of the training part, until
/// `use` is false.
void each_of_view(const Task& task, const Kit& kit, int view, const PlainBatches& how,
                  const std::function<bool(const ByteBatch&)>& use);

/// Of the first ingredient that fixes one.
std::optional<std::uint64_t> image_seed(const Kit& kit);

/// True for what draws the pixels of single images: it draws by the image seed where there is one.
bool draws_images(const IngredientHeader& header);

}  // namespace ablate::training
