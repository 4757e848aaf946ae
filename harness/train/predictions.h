#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "harness/train/training.h"

namespace ablate::training {

/// What a variant said of the test split after the last epoch, and the runs whose result it is.
struct Said {
  std::string variant;
  std::vector<std::string> runs;
  at::Tensor logits;  // [images, classes], in the order of the test split
};

/// Writes it as probabilities, predictions/<run key>.safetensors in the folder (docs/formats.md), for
/// ensembles over seeds.
void save_predictions(const Training& training, const Said& said, const std::filesystem::path& folder);

}  // namespace ablate::training
