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
  /// The border is padded with what the previous Norm makes of zero (its shift), not with zero: an exact fold
  /// of conv-BN-conv needs it (Ding et al. 2021, "Diverse Branch Block", BNAndPad).
  bool pad_with_shift = false;

  bool operator==(const Link&) const = default;
};

/// The map that a link makes of a map.
Shape shape_after(const Link& link, const Shape& input);

/// A chain of convolution, BatchNorm and average pool, any of them absent: BatchNorm alone is an identity
/// branch.
struct Branch {
  std::string id =
      "0";  // draws of initial weights are keyed by the unit's path and this: "0".."n-1", "scale", "skip"
  std::vector<Link> links;
};

/// What a unit is at present: as its backbone describes it, a sum of branches, or that sum made one
/// convolution with bias.
enum class UnitForm { Plain, Branched, Fused };

/// Index of a node: nodes stand in order of execution.
using Value = int;

enum class Op {
  Input,
  Unit,
  Add,
  Multiply,
  Concat,
  Slice,
  Shuffle,
  Activation,
  MaxPool,
  AvgPool,
  Upsample,
  GlobalPool,
  Linear,
  Dropout,
  DropPath
};

struct Node {
  Op op = Op::Input;
  std::vector<Value>
      inputs;   // Add: the residual (shortcut) comes last. Upsample: the map, then one whose size it takes
  Shape shape;  // of the output

  // Unit: the sum of its branches, then the activation. Activation: the activation.
  Role role = Role::Dense;
  Activation activation = Activation::None;
  std::vector<Branch> branches;
  std::string path;       // Unit: plain path of its convolution; Linear, Dropout, DropPath, Add: its own path
  std::string norm_path;  // Unit: plain path of its BatchNorm; "" without one
  std::string branch_stem;  // Unit: what the names of its branches start with ("...primary_rpr")
  UnitForm form = UnitForm::Plain;
  /// Unit: in that form it is registered behind the unit of this path instead of where it is executed; "" for
  /// where it is executed. The published GhostNetV3 registers branches of primary and cheap after
  /// `short_conv`, and a fused `conv_dw` last in its block. Units that follow the same one keep their order.
  std::string branched_after, fused_after;

  int from = 0, to = 0;                     // Slice: channels [from, to). Linear: features in, out
  int groups = 1;                           // Shuffle
  int kernel = 0, stride = 1, padding = 0;  // MaxPool, AvgPool
  double rate = 0;                          // Dropout, DropPath
};

/// How fresh weights are drawn.
/// N(0, 2 / fan_out) with fan_out = out x kernel area, groups not counted (as PyTorch does), and zero bias;
/// or U(+-1/sqrt(fan_in)) for weight and bias, PyTorch's default.
enum class ConvInit { KaimingFanOut, TorchDefault };
/// N(0, 0.01^2) and zero bias; U(+-1/sqrt(fan_in)); N(0, 2 / fan_out) and zero bias.
enum class LinearInit { Normal001, TorchDefault, KaimingFanOut };

/// What a tensor of the state is.
enum class Kind {
  ConvWeight,
  ConvBias,
  NormWeight,
  NormBias,
  RunningMean,
  RunningVar,
  LinearWeight,
  LinearBias
};

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

/// Where a map is taken from: a node's output, or that of one link of a branch of its.
struct TapPoint {
  Value node = 0;
  int branch = -1, link = -1;  // -1: the node's output
};

/// A network as data: what executors run, ingredients rewrite and tables count. Weights live elsewhere, by
/// name.
class Graph {
 public:
  std::vector<Node> nodes;  // nodes[0] is the input; the last node is the output
  /// Named maps: modules ("blocks.3", "act1"), and "stage.0", "stage.1", ... the last map of each resolution.
  std::map<std::string, Value> taps;
  ConvInit conv_init = ConvInit::KaimingFanOut;
  LinearInit linear_init = LinearInit::Normal001;

  const Shape& output() const { return nodes.back().shape; }
  /// Every tensor in the order in which the reference implementation registers it.
  std::vector<StateEntry> state() const;
  /// Elements of all trained tensors.
  std::int64_t parameters() const;
  /// Multiply-adds of convolutions and linear layers for one image, biases excluded.
  std::int64_t macs() const;
  /// SHA-256 of structure and shapes: neither names nor dropout and drop-path count, so networks of one
  /// digest compute the same function of their weights.
  std::string digest() const;
  /// Units of that role, in order of execution.
  std::vector<Value> units(Role role) const;
  /// The unit of that plain path; throws Error when there is none.
  Value unit_at(const std::string& path) const;
  /// The map of that name: a named map of `taps`, stages from the last too ("stage.-1"); the output of a
  /// convolution or BatchNorm inside a unit, by the path of its weights ("conv1" of a ResNet is before its
  /// BatchNorm); or a unit's output after its activation, by its plain path + ".out", or by the plain path
  /// alone where no convolution has that name. Throws Error with the nearest name when there is none.
  TapPoint tap_at(const std::string& name) const;
};

/// The input is too small for the network (or widths do not fit): an error of the sweep. The message names
/// the map.
class GraphError : public Error {
 public:
  using Error::Error;
};

}  // namespace ablate
