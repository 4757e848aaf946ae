#pragma once

#include <vector>

#include "ingredients/catalogue.h"

namespace ablate::test {

/// The catalogue, and ingredients that only tests want:
/// `regularize.poison` (adds an infinite loss at one step), `regularize.idle` (declares a counter and does
/// nothing), `regularize.along` (trains a value of its own towards 3; its counter is how near it came),
/// `optimizer.again` (a wrapper that asks for the gradients once more, counts how often they were the same
/// bits, and leaves the update alone).
const std::vector<IngredientEntry>& catalogue_with_probes();

}  // namespace ablate::test
