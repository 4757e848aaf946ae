#pragma once

#include <nlohmann/json.hpp>

#include "harness/train/training.h"

namespace ablate::training {

/// After an epoch's last step: validates, tells the ingredients, keeps what the validation split prefers, and
/// moves on to the next epoch. Returns the epoch's journal line.
nlohmann::json end_epoch(Training& training);

}  // namespace ablate::training
