#pragma once

#include "harness/graph/graph.h"

namespace ablate {

/// Throws GraphError when a map of this network gets too small for images of size x size.
void check_size(const Graph& graph, int size);

}  // namespace ablate
