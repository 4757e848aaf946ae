#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/core/random.h"
#include "harness/data/catalogue.h"
#include "harness/data/pack.h"
#include "harness/graph/graph.h"
#include "harness/train/request.h"
#include "ingredients/recipe.h"

namespace ablate::training {

/// The settings with every parameter that a spec leaves out at its default.
nlohmann::json with_defaults(const std::vector<ParamInfo>& params, nlohmann::json settings);

/// What a spec says, read once, and the data it is about.
struct Task {
  nlohmann::json recipe;
  std::uint64_t seed = 0;
  TrainSettings train;
  EvaluateSettings evaluate;
  DataOptions options;  // size is what the network sees
  std::unique_ptr<PackedData> data;
  Parts parts;
  int epochs = 0, steps_per_epoch = 0;

  int classes() const { return int(data->classes().size()); }
  Input input() const { return {3, options.size, options.size, classes()}; }
  Stream stream(const std::string& purpose) const { return {seed, purpose}; }
};

/// Throws Error when the pack is not the spec's, or has too few images for a step.
Task read_task(const Request& request);

/// The plain graph of {name: settings}. Throws Error for an unknown name.
Graph build_backbone(const nlohmann::json& backbone, const Input& input);

}  // namespace ablate::training
