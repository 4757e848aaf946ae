#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/execute/gradient_buffer.h"
#include "harness/graph/graph.h"

namespace ablate {

/// A run of elements of a flat buffer that belongs to one tensor.
struct Segment {
  std::string name;
  Kind kind = Kind::ConvWeight;
  std::int64_t offset = 0, length = 0;
  std::vector<std::int64_t> shape;  // of the tensor; dimension 0 is outermost in memory
};

/// The state of a network by name. All trained tensors are views of one flat buffer and all statistics of
/// another, so that averaging, clipping and optimizers are single passes; convolution weights lie
/// channels_last within it.
class Weights {
 public:
  struct Entry {
    std::string name;
    Kind kind = Kind::ConvWeight;
    at::Tensor tensor;  // a view of the flat buffer
    bool trained() const { return kind != Kind::RunningMean && kind != Kind::RunningVar; }
  };

  Weights() = default;
  /// Zero-filled tensors for every entry of the graph's state, in its order.
  Weights(const Graph& graph, at::ScalarType type);
  /// Zero-filled trained tensors that belong to no graph: what an ingredient trains along (a regressor).
  Weights(const std::vector<StateEntry>& entries, at::ScalarType type);

  const std::vector<Entry>& entries() const { return entries_; }
  /// Those of the entries, in their order.
  std::vector<at::Tensor> tensors() const;
  bool has(const std::string& name) const { return index_.count(name) != 0; }
  /// Throws Error that names the nearest entry when there is none.
  const at::Tensor& at(const std::string& name) const;

  /// [all trained elements], [all statistics].
  const at::Tensor& trained() const { return trained_; }
  const at::Tensor& statistics() const { return statistics_; }
  /// Where each trained tensor lies in trained().
  const std::vector<Segment>& segments() const { return segments_; }
  /// Gradients in the layout of trained(); made on first use, with every trained tensor's .grad a view of it.
  at::Tensor& gradients();
  void require_gradients();
  void clear_gradients();
  /// Where gradients() are; null before their first use.
  const std::shared_ptr<GradientBuffer>& gradient_buffer() const { return gradients_; }

  /// A deep copy without gradients.
  Weights clone() const;
  /// Copies the values of an equal layout.
  void copy_from(const Weights& other);

 private:
  void build(const std::vector<StateEntry>& entries, at::ScalarType type);

  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<Segment> segments_;
  at::Tensor trained_, statistics_;
  std::shared_ptr<GradientBuffer> gradients_;
};

/// Fresh weights: each tensor drawn from Stream(seed, "init") by its unit's plain path, branch id and link,
/// so that adding a branch or another layer changes no other tensor; BatchNorm starts at 1, 0, 0, 1.
Weights initial_weights(const Graph& graph, std::uint64_t seed, at::ScalarType type = at::kFloat);

}  // namespace ablate
