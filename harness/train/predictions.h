#pragma once

#include <filesystem>
#include <vector>

#include "harness/train/training.h"

namespace ablate::training {

/// After the last epoch: writes for every run what its reported variant says of the test split,
/// predictions/<run key>.safetensors in the folder (docs/formats.md), for ensembles over seeds.
void save_predictions(const Training& training, const std::vector<Variant>& variants,
                      const std::filesystem::path& folder);

}  // namespace ablate::training
