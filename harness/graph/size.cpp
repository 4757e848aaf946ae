#include "harness/graph/size.h"

#include <fmt/format.h>

namespace ablate {
namespace {

Shape after_unit(const Node& unit, const Shape& input) {
  Shape shape = input;
  for (const auto& link : unit.branches.front().links) shape = shape_after(link, shape);
  return shape;
}

Shape after_pool(const Node& pool, const Shape& input) {
  const auto pooled = [&](int length) { return (length + 2 * pool.padding - pool.kernel) / pool.stride + 1; };
  const bool fits =
      input.height + 2 * pool.padding >= pool.kernel && input.width + 2 * pool.padding >= pool.kernel;
  return fits ? Shape{input.channels, pooled(input.height), pooled(input.width)} : Shape{};
}

/// Only height and width count here.
Shape shape_of(const Node& node, const std::vector<Shape>& shapes) {
  const Shape& input = shapes[std::size_t(node.inputs.front())];
  switch (node.op) {
    case Op::Unit:
      return after_unit(node, input);
    case Op::MaxPool:
    case Op::AvgPool:
      return after_pool(node, input);
    case Op::Upsample:
      return shapes[std::size_t(node.inputs.back())];
    case Op::GlobalPool:
    case Op::Linear:
      return {1, 1, 1};
    default:
      return input;
  }
}

}  // namespace

void check_size(const Graph& graph, int size) {
  std::vector<Shape> shapes;
  const Node* unit = nullptr;  // the last one: pools have no names
  for (const auto& node : graph.nodes) {
    shapes.push_back(node.op == Op::Input ? Shape{3, size, size} : shape_of(node, shapes));
    if (node.op == Op::Unit) unit = &node;
    if (shapes.back().height < 1 || shapes.back().width < 1)
      throw GraphError(fmt::format("the input of {} px is too small: nothing is left of the map {} {}", size,
                                   node.op == Op::Unit ? "at" : "behind", unit ? unit->path : "the input"));
  }
}

}  // namespace ablate
