#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/execute/fusion/normalise.h"
#include "harness/execute/fusion/step.h"
#include "harness/graph/graph.h"

namespace ablate {
struct ExecutionPlan;
}

namespace ablate::fusion {

/// True when a kernel computes that convolution.
bool covers(const Link& link);
/// True for a depthwise one, padded so that its stride alone makes the map smaller.
bool is_depthwise(const Link& link);

/// A convolution, then its bias or BatchNorm. `weight`: its position among the weights.
std::unique_ptr<Step> convolution_step(const Link& link, const View& in, const View& out, std::size_t weight,
                                       const Affine& affine);
/// A branch of a unit whose branches are computed together.
struct FoldedBranch {
  std::optional<std::size_t> weight;  // none: the identity
  std::size_t norm = 0;               // the first tensor of its BatchNorm
  int kernel_height = 1, kernel_width = 1;
};
/// All branches of a 1x1 unit as one convolution.
std::unique_ptr<Step> folded_pointwise_step(std::vector<FoldedBranch> branches, const View& in,
                                            const View& out);
/// True when folding takes less time than concatenating.
bool folds_well(int in, int out);
/// All branches of a 1x1 unit, none of them the identity, as one convolution to `joined`, their outputs side
/// by side, whose sum is `out`.
std::unique_ptr<Step> concatenated_step(std::vector<FoldedBranch> branches, const View& in,
                                        const View& joined, const View& out);
/// All branches of a depthwise unit as one convolution.
std::unique_ptr<Step> folded_depthwise_step(std::vector<FoldedBranch> branches, int stride, const View& in,
                                            const View& out);

/// BatchNorm alone, of a view that is read as it stands.
std::unique_ptr<Step> norm_step(const View& in, const View& out, const Affine& affine);
/// The sum of the views. One view: a copy, with BatchNorm and activation applied.
std::unique_ptr<Step> sum_step(std::vector<View> in, const View& out);
/// A map times a gate of the same or a smaller size.
std::unique_ptr<Step> gate_step(const View& in, const View& gate, const View& out);
/// Means over windows.
std::unique_ptr<Step> pool_step(const View& in, const View& out, int kernel_height, int kernel_width);
/// The largest values of windows, with a border that never counts.
std::unique_ptr<Step> max_pool_step(const View& in, const View& out, int kernel, int stride, int padding);
/// The channels of two views in turn.
std::unique_ptr<Step> interleave_step(const View& a, const View& b, const View& out);
/// The same after the step that makes b, which nobody else reads.
std::unique_ptr<Step> interleave_step(std::unique_ptr<Step> second, const View& a, const View& b,
                                      const View& out);

/// A node by LibTorch's operations, with a graph of its own for the gradient. `in`: its inputs, read as they
/// stand; `out`: its map, then the maps inside it that `taps` names.
std::unique_ptr<Step> reference_step(std::shared_ptr<const ExecutionPlan> plan, Value node,
                                     std::vector<View> in, std::vector<View> out,
                                     std::vector<std::string> taps);

}  // namespace ablate::fusion
