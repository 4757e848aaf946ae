#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/execute/executor.h"
#include "harness/graph/graph.h"
#include "harness/kernels/maps.h"

namespace ablate::fusion {

using kernels::Act;

/// Memory of a map [N, height, width, channels]. Values of the graph are ranges of its channels.
struct Root {
  Shape shape;
  bool affine = false;  // read through scale and shift [C]: BatchNorm, a bias, or 1 and 0
  bool sums = false;    // whoever gives it a gradient sums it up too, for BatchNorm's gradient or a bias
  kernels::Type type = kernels::Type::Float32;  // its own and its gradient's
  std::optional<Act> finish;  // what all readers would apply after scale and shift, if writers can as well
};

/// What a value of the graph is: channels of a root, as they are read.
struct View {
  int root = -1;
  int offset = 0, channels = 0;
  Act act = Act::None;
};

class Step;

/// A graph made into steps over shared memory. BatchNorm and activations are no steps: readers apply them.
/// Concatenation of two units, slices and activations are none either: they are views.
struct Layout {
  /// `training`: dropout acts. `taps`: names of maps to hand out.
  Layout(const Graph& graph, const std::vector<std::string>& names, bool training, Precision precision);
  ~Layout();
  Layout(const Layout&) = delete;
  Layout& operator=(const Layout&) = delete;

  std::vector<Root> roots;                   // 0 is the images
  std::vector<std::unique_ptr<Step>> steps;  // in order of execution
  View logits;
  std::vector<View> taps;                   // in the order of their names
  std::vector<std::vector<int>> last_used;  // roots that nobody reads after a step

  /// Steps that run for the same number of images at a time where images do not depend on each other.
  struct Segment {
    std::size_t end = 0;      // one past its last step; it begins where the one before ends
    std::int64_t widest = 0;  // values that one of its steps reads and writes, an image, at most
  };
  std::vector<Segment> segments;
  std::vector<char> crosses;  // of each root: whether segments share it, or it leaves the network
};

}  // namespace ablate::fusion
