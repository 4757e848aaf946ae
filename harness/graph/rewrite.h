#pragma once

#include <set>

#include "harness/graph/graph.h"

namespace ablate {

/// Which units get branches, and which branches (MobileOne, RepVGG and GhostNetV3 are settings of this).
struct BranchOptions {
  int convolutions = 3;  // copies of the unit's own convolution, each with a BatchNorm
  bool scale = true;     // a 1x1 convolution with BatchNorm, where the kernel is larger than 1x1
  bool identity = true;  // a BatchNorm alone, where channels and size stay
  std::set<Role> roles{Role::Primary, Role::Cheap, Role::Downsample, Role::Pointwise, Role::Depthwise};
};

/// Turns each unit of those roles that is one convolution with BatchNorm into a sum of branches, under the names of the
/// GhostNetV3 release (`<stem>_skip`, `<stem>_conv.<i>.{conv,bn}`, `<stem>_scale.{conv,bn}`). Returns how many units changed.
int add_branches(Graph& graph, const BranchOptions& options);

/// Each sum of branches becomes one convolution with bias under the unit's plain path; other units keep their BatchNorm.
Graph fused(const Graph& training);

/// Fused, with every BatchNorm behind a convolution folded too: the form whose cost tables show.
Graph deployed(const Graph& training);

}  // namespace ablate
