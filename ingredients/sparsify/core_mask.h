#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "harness/core/random.h"
#include "harness/execute/weights.h"
#include "harness/graph/graph.h"

namespace ablate::ingredients {

/// For each channel of a map whether the core has it.
using Channels = std::vector<bool>;

/// The channels that a core has of each node's map; the others are zero throughout. A convolution that mixes
/// channels keeps the first `share` of its outputs, one at least, unless it computes attention or belongs to
/// the head; whatever sees channels one by one keeps those that reach it.
std::vector<Channels> core_channels(const Graph& graph, double share);

/// 1 for each trained value that belongs to the core of those channels, else 0, in the layout of
/// Weights::trained(): kernels without the rows and columns of the other channels, BatchNorms and biases
/// without the other channels. [trained elements]
at::Tensor channel_core(const Graph& graph, double share);

/// The same for a core that has a drawn `share` of each kernel that pruning may touch (prunable_segments) and
/// all the rest. `stream` gives the draws of a tensor, by its name.
at::Tensor weight_core(const Graph& graph, const Weights& weights, double share,
                       const std::function<Stream(const std::string&)>& stream);

}  // namespace ablate::ingredients
