#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/execute/weights.h"

namespace ablate {

/// Named tensors and text metadata, as a safetensors file holds them (8-byte header length, JSON header, raw data).
struct TensorFile {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  std::map<std::string, std::string> metadata;
};

/// Throws Error that names file and reason: not there, truncated, header too long, offsets that overlap or leave the data,
/// unknown type.
TensorFile load_tensors(const std::filesystem::path& path);

/// Writes beside, syncs and renames, so that the file is whole or absent.
void save_tensors(const std::filesystem::path& path, const TensorFile& file);

/// What became of the names when weights were loaded into a network.
struct LoadReport {
  std::vector<std::string> loaded, missing, unexpected, reshaped, ignored;  // ignored: counters (num_batches_tracked)
  std::string text() const;  // one line a kind that is not empty
};

/// Copies by name into `weights`; what does not fit is reported, not guessed.
LoadReport load_weights(const std::filesystem::path& path, Weights& weights);
/// The state under its published names, in contiguous layout.
void save_weights(const std::filesystem::path& path, const Weights& weights, const std::map<std::string, std::string>& metadata = {});

}  // namespace ablate
