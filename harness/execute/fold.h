#pragma once

#include "harness/execute/weights.h"
#include "harness/graph/graph.h"

namespace ablate {

/// The weights of `fused(training)`, folded from running statistics in double precision: s = gamma / sqrt(var + eps),
/// kernel s W, bias beta - s mean (+ s b); branches zero-padded to a common kernel and summed. The identity is a unit impulse
/// for a depthwise unit and the identity matrix for a dense 1x1 one.
Weights fold_branches(const Graph& training, const Weights& weights);

/// The weights of `deployed(training)`.
Weights fold_all(const Graph& training, const Weights& weights);

}  // namespace ablate
