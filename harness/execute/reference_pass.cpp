#include "harness/execute/reference_pass.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/channel_shuffle.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/split_with_sizes.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace ablate {
namespace {

/// The slices of one value, from the given one on, that cover its channels in order; none when they do not.
std::vector<Value> parts_from(const Graph& graph, Value first) {
  const Value whole = graph.nodes[first].inputs[0];
  std::vector<Value> parts;
  int covered = 0;
  if (graph.nodes[first].from != 0) return parts;
  for (auto n = static_cast<std::size_t>(first); n < graph.nodes.size(); ++n) {
    const auto& node = graph.nodes[n];
    if (node.op != Op::Slice || node.inputs[0] != whole || node.from != covered) continue;
    parts.push_back(static_cast<Value>(n));
    covered = node.to;
  }
  return covered == graph.nodes[whole].shape.channels ? parts : std::vector<Value>();
}

}  // namespace

ExecutionPlan::ExecutionPlan(const Graph& network) : graph(network), nodes(network.nodes.size()) {
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    for (const auto& branch : graph.nodes[n].branches) nodes[n].tensors.emplace_back(branch.links.size());
    if (graph.nodes[n].op == Op::Linear) nodes[n].tensors.emplace_back(1);
  }
  for (const auto& entry : graph.state()) {
    const bool first =
        entry.kind == Kind::ConvWeight || entry.kind == Kind::NormWeight || entry.kind == Kind::LinearWeight;
    if (first) {
      const auto& branches = graph.nodes[entry.node].branches;
      const auto branch = std::find_if(branches.begin(), branches.end(),
                                       [&](const Branch& b) { return b.id == entry.branch; });
      const auto index = branches.empty() ? 0 : branch - branches.begin();
      nodes[entry.node].tensors[index][entry.link] = names.size();
    }
    names.push_back(entry.name);
  }
  for (std::size_t n = 0; n < nodes.size(); ++n)
    if (graph.nodes[n].op == Op::Slice) nodes[n].parts = parts_from(graph, static_cast<Value>(n));
  std::vector<bool> seen(nodes.size(), false);
  for (std::size_t n = nodes.size(); n-- > 0;)
    for (const Value input : graph.nodes[n].inputs) {
      ++nodes[input].consumers;
      if (!seen[input]) nodes[n].released.push_back(input);
      seen[input] = true;
    }
}

void ExecutionPlan::check(const Weights& weights) const {
  const auto& entries = weights.entries();
  const bool same =
      std::equal(entries.begin(), entries.end(), names.begin(), names.end(),
                 [](const Weights::Entry& entry, const std::string& name) { return entry.name == name; });
  if (!same)
    throw Error("these weights belong to another network, or to another form of it (branches, fused)");
}

ReferencePass::ReferencePass(const ExecutionPlan& plan, std::vector<at::Tensor> tensors, const Pass& pass)
    : plan_(plan), tensors_(std::move(tensors)), pass_(pass), values_(plan.nodes.size()) {
  for (const auto& name : pass.taps) taps_.push_back({plan.graph.tap_at(name), &name});
}

Output ReferencePass::run(const at::Tensor& images) {
  values_[0] = images;
  keep_taps(0, -1, -1, images);
  for (std::size_t n = 1; n < values_.size(); ++n) {
    const auto value = static_cast<Value>(n);
    values_[n] = compute(value);
    keep_taps(value, -1, -1, values_[n]);
    for (const Value input : plan_.nodes[n].released) values_[input].reset();
  }
  output_.logits = values_.back();
  return std::move(output_);
}

at::Tensor ReferencePass::run_node(Value value, const std::vector<at::Tensor>& inputs) {
  single_ = true;
  for (std::size_t i = 0; i < inputs.size(); ++i) values_[node(value).inputs[i]] = inputs[i];
  return compute(value);
}

bool ReferencePass::tapped(Value value) const {
  return std::any_of(taps_.begin(), taps_.end(),
                     [&](const WantedTap& tap) { return tap.point.node == value; });
}

void ReferencePass::keep_taps(Value value, int branch, int link, const at::Tensor& map) {
  for (const auto& tap : taps_)
    if (tap.point.node == value && tap.point.branch == branch && tap.point.link == link)
      output_.taps[*tap.name] = map;
}

/// True when a value may be changed in place: made by an operation whose gradient does not need its result,
/// read by nobody else.
bool ReferencePass::may_overwrite(Value value) const {
  const auto& maker = node(value);
  const bool free = maker.op == Op::Add || (maker.op == Op::Unit && maker.activation == Activation::None);
  return !single_ && free && plan_.nodes[value].consumers == 1 && !tapped(value);
}

at::Tensor ReferencePass::chain(Value value, std::size_t branch, at::Tensor x) {
  static const at::Tensor none;
  const auto& links = node(value).branches[branch].links;
  at::Tensor shift;  // of the last BatchNorm, for links that pad with it
  for (std::size_t l = 0; l < links.size(); ++l) {
    const auto& link = links[l];
    const std::size_t first = plan_.nodes[value].tensors[branch][l];
    if (link.pad_with_shift) x = pad_with(x, link, shift);
    switch (link.kind) {
      case Link::Kind::Conv:
        x = convolve(x, link, tensors_[first], link.bias ? tensors_[first + 1] : none);
        break;
      case Link::Kind::Norm:
        x = normalise(x, norm_at(first), pass_);
        if (l + 1 < links.size() && links[l + 1].pad_with_shift) shift = shift_of(norm_at(first));
        break;
      case Link::Kind::AvgPool:
        x = average(x, link);
        break;
    }
    keep_taps(value, static_cast<int>(branch), static_cast<int>(l), x);
  }
  return x;
}

at::Tensor ReferencePass::unit(Value value) {
  const auto& unit = node(value);
  bool own = !tapped(value) && !unit.branches[0].links.empty();
  at::Tensor sum = chain(value, 0, input(value));
  for (std::size_t b = 1; b < unit.branches.size(); ++b) {
    const auto term = chain(value, b, input(value));
    sum = own ? sum.add_(term) : sum + term;
    own = true;
  }
  return activate(sum, unit.activation, own);
}

at::Tensor ReferencePass::linear(Value value) {
  const std::size_t first = plan_.nodes[value].tensors[0][0];
  return at::linear(input(value).flatten(1), tensors_[first], tensors_[first + 1]);
}

/// Slices that make up their input are cut together: the gradient of a split is one concatenation.
at::Tensor ReferencePass::slice(Value value) {
  if (values_[value].defined()) return values_[value];
  const auto& n = node(value);
  const auto& parts = plan_.nodes[value].parts;
  if (parts.empty()) return input(value).narrow(1, n.from, n.to - n.from);
  std::vector<std::int64_t> sizes;
  for (const Value part : parts) sizes.push_back(node(part).to - node(part).from);
  const auto cut = at::split_with_sizes(input(value), sizes, 1);
  for (std::size_t i = 0; i < parts.size(); ++i) values_[parts[i]] = cut[i];
  return values_[value];
}

at::Tensor ReferencePass::compute(Value value) {
  const auto& n = node(value);
  const auto& x = input(value);
  switch (n.op) {
    case Op::Input:
      break;
    case Op::Unit:
      return unit(value);
    case Op::Add:
      if (n.inputs[0] != n.inputs[1] && may_overwrite(n.inputs[0]))
        return values_[n.inputs[0]].add_(input(value, 1));
      return x + input(value, 1);
    case Op::Multiply:
      return x * input(value, 1);
    case Op::Concat:
      return at::cat({x, input(value, 1)}, 1);
    case Op::Slice:
      return slice(value);
    case Op::Shuffle:
      return at::channel_shuffle(x, n.groups);
    case Op::Activation:
      return activate(x, n.activation, may_overwrite(n.inputs[0]));
    case Op::MaxPool:
      return at::max_pool2d(x, n.kernel, n.stride, n.padding);
    case Op::AvgPool:
      return at::avg_pool2d(x, n.kernel, n.stride, n.padding);
    case Op::Upsample:
      return upsample(x, input(value, 1).size(2), input(value, 1).size(3));
    case Op::GlobalPool:
      return x.mean({2, 3}, true);
    case Op::Linear:
      return linear(value);
    case Op::Dropout:
    case Op::DropPath:
      return pass_.training && n.rate > 0 ? drop(x, n, pass_) : x;
  }
  return x;
}

}  // namespace ablate
