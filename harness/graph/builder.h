#pragma once

#include <string>

#include "harness/graph/graph.h"

namespace ablate {

/// Nearest multiple of `divisor`, at least one, never below 90 % of the value (MobileNetV2's reference
/// implementation).
int make_divisible(double value, int divisor);

/// What a unit of one convolution is made of; sizes are padded to "same" (kernel / 2).
struct UnitOptions {
  int out = 0;
  int kernel = 1;
  int kernel_width = 0;  // 0: as kernel
  int stride = 1;
  int groups = 1;
  Role role = Role::Dense;
  Activation activation = Activation::None;
  bool bias = false;
  std::string norm;                         // name of its BatchNorm beside the convolution's; "" for none
  std::string branch_stem;                  // beside the convolution's name; "" for <convolution>_rpr
  std::string branched_after, fused_after;  // see Node; full paths
};

/// Builds a graph node by node and knows every shape on the way; throws GraphError when a map gets too small.
class GraphBuilder {
 public:
  explicit GraphBuilder(const Input& input);

  Value input() const { return 0; }
  const Shape& shape(Value value) const { return graph_.nodes[value].shape; }
  Node& node(Value value) { return graph_.nodes[value]; }
  /// Names a map on the trunk (a module's output). Stage taps are chosen among these.
  void tap(const std::string& name, Value value) { graph_.taps[name] = value; }

  /// A convolution `scope.convolution` with BatchNorm `scope.norm` and activation.
  Value unit(Value x, const std::string& scope, const std::string& convolution, const UnitOptions& options);
  Value activation(Value x, Activation activation);
  /// `branch` + `residual`; `path` names the block.
  Value add(Value branch, Value residual, const std::string& path);
  Value multiply(Value a, Value b);
  Value concat(Value a, Value b);
  Value slice(Value x, int from, int to);
  Value shuffle(Value x, int groups);
  /// Without padding; `where` names the map when it is smaller than the kernel.
  Value avg_pool(Value x, int kernel, int stride, const std::string& where);
  Value max_pool(Value x, int kernel, int stride, int padding);
  /// Nearest neighbour, to the size of `like`: source index floor(i * in / out).
  Value upsample_like(Value x, Value like);
  Value global_pool(Value x);
  /// Nothing at rate 0: the network without it.
  Value dropout(Value x, double rate, const std::string& path);
  Value linear(Value x, const std::string& path, int classes);
  /// Names the stage taps and hands over the graph; the last node is its output.
  Graph finish(ConvInit conv, LinearInit linear);

 private:
  Value push(Node node);
  Graph graph_;
};

}  // namespace ablate
