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
  const bool plain = images.scalar_type() == at::kFloat && !images.requires_grad() && images.size(1) == 3 &&
                     images.is_contiguous(at::MemoryFormat::ChannelsLast);
  return plain ? in_one_pass(images) : images.sub(mean_).div_(deviation_);
}

/// The same values, without a map in between.
at::Tensor Normalisation::in_one_pass(const at::Tensor& images) const {
  constexpr int kBlock = 48;  // whole pixels and whole vectors
  float mean[kBlock], deviation[kBlock];
  for (int i = 0; i < kBlock; ++i) {
    mean[i] = mean_.const_data_ptr<float>()[i % 3];
    deviation[i] = deviation_.const_data_ptr<float>()[i % 3];
  }
  const auto normalised = at::empty_like(images);
  const float* from = images.const_data_ptr<float>();
  float* to = normalised.mutable_data_ptr<float>();
  std::int64_t left = images.numel();
  for (; left >= kBlock; left -= kBlock, from += kBlock, to += kBlock)
    for (int i = 0; i < kBlock; ++i) to[i] = (from[i] - mean[i]) / deviation[i];
  for (int i = 0; i < left; ++i) to[i] = (from[i] - mean[i]) / deviation[i];
  return normalised;
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
