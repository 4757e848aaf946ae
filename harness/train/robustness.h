#pragma once

#include <vector>

#include "harness/train/record.h"
#include "harness/train/training.h"

namespace ablate::training {

/// After the last epoch: what the reported variants make of the test split when it is spoiled in the ways
/// that the recipe asks for. Each way is a split of its own in the journal, "test@<way>".
void evaluate_spoiled(const Training& training, const std::vector<Variant>& variants, Record& record);

}  // namespace ablate::training
