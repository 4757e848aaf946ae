#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/execute/fusion/layout.h"
#include "harness/execute/reference_pass.h"
#include "harness/graph/graph.h"

namespace ablate::fusion {

struct FoldedBranch;

Act act_of(Activation activation);

/// Makes a graph into steps, node by node: a node is a view of what is there, or steps of own kernels, or,
/// where these do not cover it, a step of LibTorch's operations.
class LayoutBuilder {
 public:
  LayoutBuilder(Layout& layout, const Graph& graph, const std::vector<std::string>& taps, bool training);
  void build();

 private:
  struct Place {
    int root = -1, offset = 0;
  };
  struct Reader {
    Value node;
    std::size_t input;
  };

  /// Concatenations of two units become one root into which both write.
  void join_units();
  bool is_fused_unit(Value value) const;
  /// True when all that comes of a concatenation is its two halves' channels in turn.
  bool only_interleaved(Value value) const;
  /// True when the value is read only by nodes of that kind, as that input, and not tapped.
  bool only_read_by(Value value, Op op, std::size_t input) const;
  bool only_made_for(const View& view, Value joined) const;

  void add(Value value);
  bool add_fused(Value value);
  void add_reference(Value value);
  void unit(Value value);
  bool together(Value value, View out);
  std::vector<FoldedBranch> branches_of(Value value) const;
  View branch(Value value, std::size_t index, const View& out);
  View linear(Value value);
  bool upsample(Value value);
  bool multiply(Value value);
  bool shuffle(Value value);
  bool concat(Value value);
  bool activation(Value value);
  void pool(Value value, int kernel_height, int kernel_width);

  View new_root(const Shape& shape, bool affine = false, bool sums = false);
  View copy_of(const View& view);
  View readable(const View& view);  // as a convolution can read it
  View plain(const View& view);     // as it stands in memory

  const Node& node(Value value) const { return plan_->graph.nodes[value]; }
  Value in(Value value, std::size_t i = 0) const { return node(value).inputs[i]; }
  const View& input(Value value, std::size_t i = 0) const { return views_[in(value, i)]; }

  Layout& layout_;
  std::shared_ptr<const ExecutionPlan> plan_;
  std::vector<std::string> names_;  // of the maps to hand out
  bool training_;
  std::vector<View> views_;                   // of the values so far
  std::vector<std::vector<Reader>> readers_;  // of each value
  std::vector<bool> tapped_;
  std::map<Value, Place> places_;                         // of units and concatenations that share a root
  std::map<Value, std::vector<std::string>> inner_taps_;  // maps inside units, by their names
  std::map<std::string, View> inner_views_;
  std::map<std::tuple<int, int, int, Act>, View> copies_;
};

}  // namespace ablate::fusion
