#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "harness/graph/graph.h"

namespace ablate {

/// A BatchNorm of that name.
Link norm_link(const std::string& name, int channels);
/// A convolution named `<scope>.conv`, followed by a BatchNorm of its own, `<scope>.bn`.
Branch convolution_branch(std::string id, const std::string& scope, Link conv);

/// The branches that a plain convolution becomes; their names begin with its `branch_stem`, and the one with
/// its own kernel has the id "0", so that it starts from the weights it would have without the others. None:
/// it stays as it is.
using BranchesOf = std::function<std::vector<Branch>(const Node& unit)>;

/// Turns plain convolutions of those roles into sums of branches. Returns how many changed.
int rewrite_units(Graph& graph, const std::set<Role>& roles, const BranchesOf& branches_of);

/// Which units get branches, and which branches (MobileOne, RepVGG and GhostNetV3 are settings of this).
struct BranchOptions {
  int convolutions = 3;  // copies of the unit's own convolution, each with a BatchNorm
  bool scale = true;     // a 1x1 convolution with BatchNorm, where the kernel is larger than 1x1
  bool identity = true;  // a BatchNorm alone, where channels and size stay
  std::set<Role> roles{Role::Primary, Role::Cheap, Role::Downsample, Role::Pointwise, Role::Depthwise};
};

/// True for a unit as its backbone describes it that is one convolution without bias and its BatchNorm: what
/// can be rewritten into branches.
bool is_plain_convolution(const Node& node);

/// Turns each such unit of those roles into a sum of branches, under the names of the GhostNetV3 release
/// (`<stem>_skip`,
/// `<stem>_conv.<i>.{conv,bn}`, `<stem>_scale.{conv,bn}`). Returns how many units changed.
int add_branches(Graph& graph, const BranchOptions& options);

/// Puts `node`, which has one input and keeps its shape (DropPath), between `consumer` and that input of its.
/// Later nodes move up by one; the taps follow. Returns where it stands.
Value insert_before(Graph& graph, Value consumer, std::size_t input, Node node);

/// The same network for images of another size. Throws GraphError when they are too small, or the network has a linear
/// layer without a global pool before it.
Graph at_size(Graph graph, int height, int width);

/// The one convolution with bias, under the unit's plain path, that computes what all its branches do. Throws
/// Error when there is none: branches of different strides, or a border that no zero padding reproduces.
Link merged_convolution(const Node& unit);

/// Each sum of branches becomes one convolution with bias under the unit's plain path; other units keep their
/// BatchNorm. A single branch of one convolution and its BatchNorm is no sum: it takes the plain names again.
Graph fused(const Graph& training);

/// Fused, with every BatchNorm behind a convolution folded too: the form whose cost tables show.
Graph deployed(const Graph& training);

}  // namespace ablate
