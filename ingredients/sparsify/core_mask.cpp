#include "ingredients/sparsify/core_mask.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones_like.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>

#include "ingredients/sparsify/mask.h"

namespace ablate::ingredients {
namespace {

Channels all_of(int channels) {
  return Channels(std::size_t(channels), true);
}

Channels first_of(int channels, double share) {
  Channels kept(std::size_t(channels), false);
  std::fill_n(kept.begin(), std::max(1L, std::lround(share * channels)), true);
  return kept;
}

/// Each channel as often as it takes to fill a map: what a depthwise convolution makes of them.
Channels repeated(const Channels& kept, int channels) {
  const auto times = std::size_t(channels) / kept.size();
  Channels all;
  for (const bool one : kept) all.insert(all.end(), times, one);
  return all;
}

template <class Op>
Channels combined(const Channels& a, const Channels& b, const Op& op) {
  Channels both(a.size());
  std::transform(a.begin(), a.end(), b.begin(), both.begin(), op);
  return both;
}

Channels shuffled(const Channels& kept, int groups) {
  const auto each = kept.size() / std::size_t(groups);
  Channels mixed;
  for (std::size_t i = 0; i < each; ++i)
    for (std::size_t g = 0; g < std::size_t(groups); ++g) mixed.push_back(kept[g * each + i]);
  return mixed;
}

bool mixes_channels(const Link& link) {
  return link.kind == Link::Kind::Conv && link.groups < link.in;
}

Channels of_unit(const Node& unit, const Channels& input, double share) {
  const bool mixes = std::ranges::any_of(
      unit.branches, [](const Branch& branch) { return std::ranges::any_of(branch.links, mixes_channels); });
  if (!mixes) return repeated(input, unit.shape.channels);
  const bool whole = unit.role == Role::Attention || unit.role == Role::Head;
  return whole ? all_of(unit.shape.channels) : first_of(unit.shape.channels, share);
}

Channels of_node(const Node& node, const std::vector<Channels>& before, double share) {
  if (node.op == Op::Input || node.op == Op::Linear) return all_of(node.shape.channels);
  const auto input = [&](std::size_t i) -> const Channels& { return before[std::size_t(node.inputs[i])]; };
  switch (node.op) {
    case Op::Unit:
      return of_unit(node, input(0), share);
    case Op::Add:
      return combined(input(0), input(1), std::logical_or<>());
    case Op::Multiply:
      return combined(input(0), input(1), std::logical_and<>());
    case Op::Concat: {
      Channels joined = input(0);
      joined.insert(joined.end(), input(1).begin(), input(1).end());
      return joined;
    }
    case Op::Slice:
      return {input(0).begin() + node.from, input(0).begin() + node.to};
    case Op::Shuffle:
      return shuffled(input(0), node.groups);
    default:
      return input(0);
  }
}

/// [channels]
at::Tensor as_factors(const Channels& kept) {
  auto factors = at::empty({std::int64_t(kept.size())}, at::kFloat);
  std::copy(kept.begin(), kept.end(), factors.data_ptr<float>());
  return factors;
}

/// [out, in / groups, 1, 1]: where both the output and the input that a kernel's entry joins are kept.
at::Tensor as_factors(const Channels& out, const Channels& in, int groups) {
  const auto outs = out.size() / std::size_t(groups), ins = in.size() / std::size_t(groups);
  auto factors = at::empty({std::int64_t(out.size()), std::int64_t(ins), 1, 1}, at::kFloat);
  auto* factor = factors.data_ptr<float>();
  for (std::size_t o = 0; o < out.size(); ++o)
    for (std::size_t i = 0; i < ins; ++i) *factor++ = out[o] && in[o / outs * ins + i];
  return factors;
}

/// A branch keeps what its unit keeps; within a chain of convolutions every channel stays that can.
void keep_in_branch(const Branch& branch, const Channels& input, const Channels& output,
                    const Weights& factors) {
  Channels before = input;
  for (auto link = branch.links.begin(); link != branch.links.end(); ++link) {
    if (link->kind == Link::Kind::AvgPool) continue;
    const bool conv = link->kind == Link::Kind::Conv;
    auto after = mixes_channels(*link) ? all_of(link->out) : repeated(before, link->out);
    const auto is_conv = [](const Link& later) { return later.kind == Link::Kind::Conv; };
    if (std::none_of(link + 1, branch.links.end(), is_conv))
      after = combined(after, output, std::logical_and<>());
    factors.at(link->name + ".weight")
        .copy_(conv ? as_factors(after, before, link->groups) : as_factors(after));
    if (!conv || link->bias) factors.at(link->name + ".bias").copy_(as_factors(after));
    before = std::move(after);
  }
}

}  // namespace

std::vector<Channels> core_channels(const Graph& graph, double share) {
  std::vector<Channels> kept;
  for (const auto& node : graph.nodes) kept.push_back(of_node(node, kept, share));
  return kept;
}

at::Tensor channel_core(const Graph& graph, double share) {
  const auto kept = core_channels(graph, share);
  const Weights factors(graph, at::kFloat);
  factors.trained().fill_(1);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const auto& node = graph.nodes[n];
    if (node.op != Op::Unit && node.op != Op::Linear) continue;
    const auto& input = kept[std::size_t(node.inputs[0])];
    for (const auto& branch : node.branches) keep_in_branch(branch, input, kept[n], factors);
    if (node.op == Op::Linear)
      factors.at(node.path + ".weight").copy_(as_factors(repeated(input, node.from)));
  }
  return factors.trained();
}

at::Tensor weight_core(const Graph& graph, const Weights& weights, double share,
                       const std::function<Stream(const std::string&)>& stream) {
  auto factors = at::ones_like(weights.trained());
  auto* factor = factors.data_ptr<float>();
  for (const auto& segment : prunable_segments(graph, weights, false, false)) {
    const auto order = stream(segment.name).permutation(0, std::uint32_t(segment.length));
    const auto kept = std::size_t(std::llround(share * double(segment.length)));
    for (std::size_t i = kept; i < order.size(); ++i) factor[segment.offset + order[i]] = 0;
  }
  return factors;
}

}  // namespace ablate::ingredients
