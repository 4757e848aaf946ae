#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <utility>

#include "harness/core/canonical.h"
#include "harness/core/random.h"
#include "harness/execute/weights.h"

namespace ablate {
namespace {

/// The event of Stream(seed, "init") that belongs to a tensor.
std::uint64_t init_event(const std::string& unit, const StateEntry& entry) {
  const bool bias = entry.kind == Kind::ConvBias || entry.kind == Kind::LinearBias;
  const auto key = fmt::format("{}/{}/{}/{}", unit, entry.branch, entry.link, bias ? "bias" : "weight");
  return std::stoull(sha256(key).substr(0, 16), nullptr, 16);
}

/// How one tensor is drawn: N(0, spread^2), U(-spread, spread), or a constant.
struct Law {
  enum class Kind { Normal, Uniform, Constant } kind = Kind::Constant;
  double spread = 0;
};

/// A weight's law; `weight` [out, in, ...] also tells the fan of its bias.
Law weight_law(bool conv, const Graph& graph, const at::Tensor& weight) {
  const double out = weight.size(0), elements = weight.numel();
  const double fan_in = elements / out, area = elements / out / weight.size(1);
  const Law by_fan_out{Law::Kind::Normal, std::sqrt(2.0 / (out * area))};
  const Law torch{Law::Kind::Uniform, 1.0 / std::sqrt(fan_in)};
  if (conv) return graph.conv_init == ConvInit::KaimingFanOut ? by_fan_out : torch;
  switch (graph.linear_init) {
    case LinearInit::Normal001:
      return {Law::Kind::Normal, 0.01};
    case LinearInit::TorchDefault:
      return torch;
    case LinearInit::KaimingFanOut:
      return by_fan_out;
  }
  return torch;
}

Law law_of(const StateEntry& entry, const Graph& graph, const Weights& weights) {
  const auto owner = [&] { return weights.at(entry.name.substr(0, entry.name.rfind('.')) + ".weight"); };
  switch (entry.kind) {
    case Kind::ConvWeight:
      return weight_law(true, graph, weights.at(entry.name));
    case Kind::LinearWeight:
      return weight_law(false, graph, weights.at(entry.name));
    case Kind::ConvBias:
    case Kind::LinearBias: {
      const auto law = weight_law(entry.kind == Kind::ConvBias, graph, owner());
      return law.kind == Law::Kind::Uniform ? law : Law{};
    }
    case Kind::NormWeight:
    case Kind::RunningVar:
      return {Law::Kind::Constant, 1.0};
    case Kind::NormBias:
    case Kind::RunningMean:
      return {};
  }
  return {};
}

void fill_by(const Law& law, Draw draw, const at::Tensor& target) {
  if (law.kind == Law::Kind::Constant) {
    target.fill_(law.spread);
    return;
  }
  const auto values = at::empty(target.sizes(), at::TensorOptions(at::kDouble));
  auto* value = values.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < values.numel(); ++i)
    value[i] =
        law.kind == Law::Kind::Normal ? law.spread * draw.normal() : draw.uniform(-law.spread, law.spread);
  target.copy_(values);
}

}  // namespace

Weights initial_weights(const Graph& graph, std::uint64_t seed, at::ScalarType type) {
  const at::NoGradGuard no_grad;
  Weights weights(graph, type);
  const Stream stream(seed, "init");
  for (const auto& entry : graph.state()) {
    const auto event = init_event(graph.nodes[entry.node].path, entry);
    fill_by(law_of(entry, graph, weights), stream.at(0, event), weights.at(entry.name));
  }
  return weights;
}

}  // namespace ablate
