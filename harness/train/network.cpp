#include "harness/train/network.h"

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "harness/core/problems.h"

namespace ablate::training {
namespace {

at::Tensor per_channel(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble).to(at::kFloat).view({1, std::int64_t(values.size()), 1, 1});
}

}  // namespace

Normalisation::Normalisation(const std::vector<double>& mean, const std::vector<double>& deviation)
    : mean_(per_channel(mean)), deviation_(per_channel(deviation)) {}

at::Tensor Normalisation::of(const at::Tensor& images) const {
  return images.sub(mean_).div_(deviation_);
}

std::unique_ptr<Executor> make_executor(const TrainSettings& settings, const Graph& graph) {
  const auto precision = settings.precision == "bf16" ? Precision::BFloat16 : Precision::Float32;
  if (settings.executor == "fused") return make_fused_executor(graph, precision);
  if (settings.executor == "reference") return make_reference_executor(graph);
  throw Error(fmt::format("unknown executor '{}'", settings.executor));
}

Network::Network(Graph graph, Weights weights, const TrainSettings& settings, Normalisation normalisation)
    : graph_(std::move(graph)),
      weights_(std::move(weights)),
      executor_(make_executor(settings, graph_)),
      normalisation_(std::move(normalisation)) {}

Output Network::forward(const at::Tensor& images, const Pass& pass) {
  return forward_with(weights_, images, pass);
}

Output Network::forward_with(const Weights& weights, const at::Tensor& images, const Pass& pass) {
  return executor_->forward(weights, normalisation_.of(images), pass);
}

}  // namespace ablate::training
