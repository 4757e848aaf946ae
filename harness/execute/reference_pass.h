#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/execute/executor.h"
#include "harness/execute/operations.h"
#include "harness/graph/graph.h"

namespace ablate {

/// What is known of a node before any pass.
struct PlannedNode {
  std::vector<std::vector<std::size_t>>
      tensors;                  // per branch and link (Linear: one), the first of its tensors in the state
  std::vector<Value> released;  // inputs that nobody needs after this node
  std::vector<Value> parts;     // Slice: itself and the later slices that with it make up the input
  int consumers = 0;
};

/// A graph with its tensors resolved to positions in the state.
struct ExecutionPlan {
  explicit ExecutionPlan(const Graph& network);
  /// Tensors are found by position, so the weights must be those of this graph: throws Error when they are
  /// not.
  void check(const Weights& weights) const;

  Graph graph;
  std::vector<std::string> names;  // of the state
  std::vector<PlannedNode> nodes;
};

/// One pass through the nodes by LibTorch's operations.
class ReferencePass {
 public:
  /// tensors: those of the weights, in their order.
  ReferencePass(const ExecutionPlan& plan, std::vector<at::Tensor> tensors, const Pass& pass);

  Output run(const at::Tensor& images);
  /// One node alone, of these inputs, which are left as they are; `taps` of the pass inside it are in
  /// output().
  at::Tensor run_node(Value value, const std::vector<at::Tensor>& inputs);
  const Output& output() const { return output_; }

 private:
  struct WantedTap {
    TapPoint point;
    const std::string* name;
  };

  at::Tensor compute(Value value);
  at::Tensor unit(Value value);
  at::Tensor chain(Value value, std::size_t branch, at::Tensor x);
  at::Tensor linear(Value value);
  at::Tensor slice(Value value);

  const Node& node(Value value) const { return plan_.graph.nodes[value]; }
  const at::Tensor& input(Value value, std::size_t i = 0) const { return values_[node(value).inputs[i]]; }
  NormTensors norm_at(std::size_t first) const {
    return {tensors_[first], tensors_[first + 1], tensors_[first + 2], tensors_[first + 3]};
  }
  bool tapped(Value value) const;
  void keep_taps(Value value, int branch, int link, const at::Tensor& map);
  bool may_overwrite(Value value) const;

  const ExecutionPlan& plan_;
  std::vector<at::Tensor> tensors_;
  const Pass& pass_;
  std::vector<at::Tensor> values_;
  std::vector<WantedTap> taps_;
  Output output_;
  bool single_ = false;  // run_node: inputs are not ours
};

}  // namespace ablate
