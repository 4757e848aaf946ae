#pragma once

#include <ATen/core/Tensor.h>

#include <any>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/execute/weights.h"
#include "harness/graph/graph.h"

namespace ablate {

/// What an executor keeps of a network's weights between passes: how their products read them.
struct KeptWeights {
  std::any of_executor;
};

/// How one pass through a network is to be done.
struct Pass {
  bool training = false;          // BatchNorm uses the batch's statistics, dropout acts
  bool update_statistics = true;  // training: running statistics follow (false: frozen for this pass)
  std::vector<std::string> taps;  // maps to hand out
  std::uint64_t seed = 0;         // of dropout and drop-path draws
  std::uint32_t epoch = 0;
  std::uint64_t step = 0;  // of the epoch
  /// Passes without training that share this do so with the same weights of the same network, unchanged in
  /// the meantime. Null: nothing is kept.
  std::shared_ptr<KeptWeights> kept;
};

struct Output {
  at::Tensor logits;                       // [N, classes], the batch axis always kept
  std::map<std::string, at::Tensor> taps;  // [N, C, H, W]
};

/// Computes a graph. BatchNorm: eps 1e-5, new running value 0.9 old + 0.1 new, unbiased variance.
class Executor {
 public:
  virtual ~Executor() = default;
  /// images [N, C, H, W], normalised, of the weights' type. Gradients flow where the weights or images
  /// require them.
  virtual Output forward(const Weights& weights, const at::Tensor& images, const Pass& pass) const = 0;
  /// Seconds so far, gradients included, in nodes that no own kernel covers; 0 for an executor that has none.
  virtual double library_seconds() const { return 0; }
};

/// Plain LibTorch operations, one a node: the definition of what a graph means. channels_last for float32.
std::unique_ptr<Executor> make_reference_executor(const Graph& graph);

/// How a training pass stores maps and their gradients, and what its pointwise convolutions multiply. With
/// BFloat16 images, maps of one pixel, weights and their gradients, statistics and everything outside the
/// network stay float32. Other passes are float32.
enum class Precision { Float32, BFloat16 };

/// Whole networks by own kernels (harness/kernels) in float32, with LibTorch's operations where these do not
/// cover a node; other types by the reference executor. One operation of autograd, that keeps the
/// convolutions' raw outputs only.
std::unique_ptr<Executor> make_fused_executor(const Graph& graph, Precision precision = Precision::Float32);

}  // namespace ablate
