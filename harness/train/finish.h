#pragma once

#include <nlohmann/json.hpp>

#include "harness/train/record.h"
#include "harness/train/training.h"

namespace ablate::training {

/// What can be said before the first step: sizes of network and data.
nlohmann::json facts_of(const Training& training);

/// After the last epoch: evaluates on the test split every variant of the last and of the selected epochs,
/// and the reported ones as the recipe asks besides; saves what the request keeps, and records what each
/// ingredient did.
void finish(Training& training, const std::filesystem::path& folder, Record& record);

}  // namespace ablate::training
