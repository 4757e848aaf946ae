#include <fmt/format.h>

#include "harness/graph/rewrite.h"

namespace ablate {
namespace {

int windows(int length, const Node& pool) {
  return (length + 2 * pool.padding - pool.kernel) / pool.stride + 1;
}

/// The shape of a node whose inputs have theirs.
Shape shape_of(const Graph& graph, const Node& node) {
  const auto& first = graph.nodes[node.inputs[0]].shape;
  switch (node.op) {
    case Op::Unit: {
      Shape shape = first;
      for (const auto& link : node.branches[0].links) shape = shape_after(link, shape);
      return shape;
    }
    case Op::MaxPool:
    case Op::AvgPool:
      return {first.channels, windows(first.height, node), windows(first.width, node)};
    case Op::Upsample: {
      const auto& like = graph.nodes[node.inputs[1]].shape;
      return {first.channels, like.height, like.width};
    }
    default:
      break;
  }
  const bool fixed = node.op == Op::GlobalPool || node.op == Op::Linear;
  return fixed ? node.shape : Shape{node.shape.channels, first.height, first.width};
}

}  // namespace

Graph at_size(Graph graph, int height, int width) {
  graph.nodes[0].shape = {graph.nodes[0].shape.channels, height, width};
  for (std::size_t n = 1; n < graph.nodes.size(); ++n) {
    auto& node = graph.nodes[n];
    node.shape = shape_of(graph, node);
    if (node.shape.height < 1 || node.shape.width < 1)
      throw GraphError(fmt::format("images of {}x{} px are too small for the network", height, width));
    const auto& before = graph.nodes[node.inputs[0]].shape;
    if (node.op == Op::Linear && std::int64_t{before.channels} * before.height * before.width != node.from)
      throw GraphError(
          fmt::format("images of {}x{} px do not fit the network's linear layer", height, width));
  }
  return graph;
}

}  // namespace ablate
