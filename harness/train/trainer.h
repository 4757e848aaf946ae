#pragma once

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/train/request.h"

namespace ablate {

/// How a training ended.
struct Outcome {
  enum class State { Done, Diverged, Interrupted };
  State state = State::Done;
  std::string message;  // "loss is nan at epoch 2, step 17"
};

/// Trains the trajectory in `folder` as its request says, from its last checkpoint if there is one, and writes journal,
/// checkpoints, weights and predictions there and nowhere else (but the teacher cache). Stops at the next step with a
/// checkpoint once `stop` is true. Throws Error when files fail.
Outcome train(const std::filesystem::path& folder, const Request& request, const std::atomic<bool>& stop,
              const nlohmann::json& environment);

}  // namespace ablate
