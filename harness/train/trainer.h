#pragma once

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/train/request.h"
#include "ingredients/catalogue.h"

namespace ablate {

/// How a training ended.
struct Outcome {
  enum class State { Done, Diverged, Interrupted };
  State state = State::Done;
  std::string message;  // "loss is nan at epoch 2, step 17"
};

/// "done", "diverged", "interrupted": as journals have it.
const char* name_of(Outcome::State state);

/// Trains the trajectory in `folder` as its request says, from its last checkpoint if there is one, and
/// writes journal, checkpoints, weights and log there and nowhere else (but the teacher cache). Stops at the
/// next step with a checkpoint once `stop` is true. A training that is done or diverged already is left as it
/// is. Throws Error when files fail, after a line in the journal that says so. `catalogue`: the ingredients
/// there are.
Outcome train(const std::filesystem::path& folder, const Request& request, const std::atomic<bool>& stop,
              const nlohmann::json& environment,
              const std::vector<IngredientEntry>& catalogue = ingredient_catalogue());

}  // namespace ablate
