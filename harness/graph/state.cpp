// The order in which the reference implementations register their tensors.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/graph/graph.h"

namespace ablate {
namespace {

/// The unit behind which a node is registered in its present form; "" for where it is executed.
const std::string& registered_after(const Node& node) {
  static const std::string nowhere;
  switch (node.form) {
    case UnitForm::Plain:
      return nowhere;
    case UnitForm::Branched:
      return node.branched_after;
    case UnitForm::Fused:
      return node.fused_after;
  }
  return nowhere;
}

std::vector<Value> registration_order(const Graph& graph) {
  std::map<Value, std::vector<Value>> followers;
  std::vector<bool> follows(graph.nodes.size(), false);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    if (const auto& leader = registered_after(graph.nodes[i]); !leader.empty()) {
      followers[graph.unit_at(leader)].push_back(static_cast<Value>(i));
      follows[i] = true;
    }
  std::vector<Value> order;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (follows[i]) continue;
    order.push_back(static_cast<Value>(i));
    const auto mine = followers.find(static_cast<Value>(i));
    if (mine != followers.end()) order.insert(order.end(), mine->second.begin(), mine->second.end());
  }
  return order;
}

void append_link(const Link& link, StateEntry entry, std::vector<StateEntry>& state) {
  const auto add = [&](const char* suffix, Kind kind, std::vector<std::int64_t> shape) {
    entry.name = link.name + suffix;
    entry.kind = kind;
    entry.shape = std::move(shape);
    state.push_back(entry);
  };
  if (link.kind == Link::Kind::Conv) {
    add(".weight", Kind::ConvWeight,
        {link.out, link.in / link.groups, link.kernel_height, link.kernel_width});
    if (link.bias) add(".bias", Kind::ConvBias, {link.out});
  } else if (link.kind == Link::Kind::Norm) {
    add(".weight", Kind::NormWeight, {link.out});
    add(".bias", Kind::NormBias, {link.out});
    add(".running_mean", Kind::RunningMean, {link.out});
    add(".running_var", Kind::RunningVar, {link.out});
  }
}

}  // namespace

std::vector<StateEntry> Graph::state() const {
  std::vector<StateEntry> state;
  for (const Value value : registration_order(*this)) {
    const auto& node = nodes[value];
    for (const auto& branch : node.branches)
      for (std::size_t i = 0; i < branch.links.size(); ++i)
        append_link(branch.links[i], {.node = value, .branch = branch.id, .link = static_cast<int>(i)},
                    state);
    if (node.op != Op::Linear) continue;
    state.push_back({.name = node.path + ".weight",
                     .shape = {node.to, node.from},
                     .kind = Kind::LinearWeight,
                     .node = value});
    state.push_back(
        {.name = node.path + ".bias", .shape = {node.to}, .kind = Kind::LinearBias, .node = value});
  }
  return state;
}

}  // namespace ablate
