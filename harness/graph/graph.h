#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/core/problems.h"

namespace ablate {

/// What a unit is for. Ingredients choose what they act on by role.
enum class Role { Stem, Dense, Pointwise, Depthwise, Primary, Cheap, Downsample, Shortcut, Attention, Head };
enum class Activation { None, Relu, Relu6, Sigmoid, HardSigmoid };  // HardSigmoid: relu6(x + 3) / 6

const std::string& name_of(Role role);  // "stem", "dense", ...
std::vector<std::string> role_names();
Role role_named(const std::string& name);  // throws Error for an unknown name

/// Channels, height, width of a map (the batch axis is left out).
struct Shape {
  int channels = 0, height = 0, width = 0;
  bool operator==(const Shape&) const = default;
};

/// What a network is built for.
struct Input {
  int channels = 3, height = 0, width = 0, classes = 0;
};

/// One step of a branch.
struct Link {
  enum class Kind { Conv, Norm, AvgPool };

  Kind kind = Kind::Conv;
  std::string name;  // path of its weights ("features.1.conv.0.0"); none for a pool
  int in = 0, out = 0;
  int kernel_height = 1, kernel_width = 1, stride = 1, groups = 1;
  int pad_height = 0, pad_width = 0;
  bool bias = false;
  /// The border is padded with what the previous Norm makes of zero (its shift), not with zero: an exact fold of
  /// conv-BN-conv needs it (Ding et al. 2021, "Diverse Branch Block", BNAndPad).
  bool pad_with_shift = false;
};

/// A chain of convolution, BatchNorm and average pool, any of them absent: BatchNorm alone is an identity branch.
struct Branch {
  std::string id = "0";  // draws of initial weights are keyed by the unit's path and this: "0".."n-1", "scale", "skip"
  std::vector<Link> links;
};

/// Index of a node: nodes stand in order of execution.
using Value = int;

enum class Op {
  Input, Unit, Add, Multiply, Concat, Slice, Shuffle, Activation, MaxPool, AvgPool, Upsample, GlobalPool, Linear, Dropout, DropPath
};

struct Node {
  Op op = Op::Input;
  std::vector<Value> inputs;  // Add: the residual (shortcut) input comes last
  Shape shape;                // of the output

  // Unit: the sum of its branches, then the activation. Activation: the activation.
  Role role = Role::Dense;
  Activation activation = Activation::None;
  std::vector<Branch> branches;
  std::string path;         // Unit: plain path of its convolution; Linear, Dropout, DropPath, Add: its own path
  std::string branch_stem;  // Unit: what the names of its branches start with ("...primary_rpr")
  /// Unit: registered after the unit of that path instead of where it stands (GhostNetV3: branches of primary and cheap come
  /// after `short_conv`, a fused `conv_dw` last in its block). Empty: in order of execution.
  int registration = 0;  // sort key of the registration order; ties keep the order of execution

  int from = 0, to = 0;                         // Slice: channels [from, to). Linear: features in, out
  int groups = 1;                               // Shuffle
  int kernel = 0, stride = 1, padding = 0;      // MaxPool, AvgPool
  double rate = 0;                              // Dropout, DropPath
};

/// How fresh weights are drawn.
enum class ConvInit { KaimingFanOut, TorchDefault };  // N(0, 2 / fan_out); U(+-1/sqrt(fan_in))
enum class LinearInit { Normal001, TorchDefault };    // N(0, 0.01) and zero bias; U(+-1/sqrt(fan_in))

/// What a tensor of the state is.
enum class Kind { ConvWeight, ConvBias, NormWeight, NormBias, RunningMean, RunningVar, LinearWeight, LinearBias };

struct StateEntry {
  std::string name;
  std::vector<std::int64_t> shape;
  Kind kind = Kind::ConvWeight;
  Value node = 0;
  std::string branch;  // id of the branch; "" for a linear layer
  int link = 0;        // index within the branch

  bool trained() const { return kind != Kind::RunningMean && kind != Kind::RunningVar; }
  std::int64_t elements() const;
};

/// A network as data: what executors run, ingredients rewrite and tables count. Weights live elsewhere, by name.
class Graph {
 public:
  std::vector<Node> nodes;  // nodes[0] is the input; the last node is the output
  /// Named maps: modules ("blocks.3", "act1"), and "stage.0", "stage.1", ... the last map of each resolution.
  std::map<std::string, Value> taps;
  /// Maps inside a unit, before its BatchNorm ("conv1" of a ResNet): output of that unit's first convolution.
  std::map<std::string, Value> raw_taps;
  ConvInit conv_init = ConvInit::KaimingFanOut;
  LinearInit linear_init = LinearInit::Normal001;

  const Shape& output() const { return nodes.back().shape; }
  /// Every tensor in the order in which the reference implementation registers it.
  std::vector<StateEntry> state() const;
  /// Elements of all trained tensors.
  std::int64_t parameters() const;
  /// Multiply-adds of convolutions and linear layers for one image, biases excluded.
  std::int64_t macs() const;
  /// SHA-256 of structure and shapes (not of names): networks of one digest compute the same function of their weights.
  std::string digest() const;
  /// Units of that role, in order of execution.
  std::vector<Value> units(Role role) const;
  /// The unit of that plain path; throws Error when there is none.
  Value unit_at(const std::string& path) const;
};

/// The input is too small for the network (or widths do not fit): an error of the sweep. The message names the map.
class GraphError : public Error {
 public:
  using Error::Error;
};

}  // namespace ablate
