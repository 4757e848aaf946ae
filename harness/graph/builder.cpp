#include "harness/graph/builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace ablate {
namespace {

std::string join(const std::string& scope, const std::string& name) {
  return scope.empty() ? name : scope + "." + name;
}

std::string text_of(const Shape& shape) {
  return fmt::format("{} channels of {}x{}", shape.channels, shape.height, shape.width);
}

/// The last of the named maps at each resolution, up to the pooling before the classifier.
void name_stages(Graph& graph) {
  Value end = static_cast<Value>(graph.nodes.size());
  for (Value value = 0; value < static_cast<Value>(graph.nodes.size()); ++value)
    if (graph.nodes[value].op == Op::GlobalPool) end = value;
  std::vector<Value> maps;
  for (const auto& [name, value] : graph.taps)
    if (value < end) maps.push_back(value);
  std::sort(maps.begin(), maps.end());
  std::vector<Value> stages;
  for (const Value map : maps) {
    const auto& shape = graph.nodes[map].shape;
    const auto* before = stages.empty() ? nullptr : &graph.nodes[stages.back()].shape;
    if (before && before->height == shape.height && before->width == shape.width)
      stages.back() = map;
    else
      stages.push_back(map);
  }
  for (std::size_t i = 0; i < stages.size(); ++i) graph.taps[fmt::format("stage.{}", i)] = stages[i];
}

}  // namespace

int make_divisible(double value, int divisor) {
  const int rounded = std::max(divisor, static_cast<int>(value + divisor / 2.0) / divisor * divisor);
  return rounded < 0.9 * value ? rounded + divisor : rounded;
}

GraphBuilder::GraphBuilder(const Input& input) {
  if (input.channels < 1 || input.height < 1 || input.width < 1 || input.classes < 1)
    throw GraphError(
        fmt::format("a network needs an input and classes, got {} channels of {}x{} and {} classes",
                    input.channels, input.height, input.width, input.classes));
  push({.op = Op::Input, .shape = {input.channels, input.height, input.width}});
}

Value GraphBuilder::push(Node node) {
  graph_.nodes.push_back(std::move(node));
  return static_cast<Value>(graph_.nodes.size()) - 1;
}

Value GraphBuilder::unit(Value x, const std::string& scope, const std::string& convolution,
                         const UnitOptions& options) {
  const auto& input = shape(x);
  const int width = options.kernel_width ? options.kernel_width : options.kernel;
  if (input.channels % options.groups || options.out % options.groups)
    throw GraphError(fmt::format("{}: {} channels to {} do not fit {} groups", join(scope, convolution),
                                 input.channels, options.out, options.groups));
  Node node{.op = Op::Unit, .inputs = {x}, .role = options.role, .activation = options.activation};
  node.path = join(scope, convolution);
  node.norm_path = options.norm.empty() ? "" : join(scope, options.norm);
  node.branch_stem = join(scope, options.branch_stem.empty() ? convolution + "_rpr" : options.branch_stem);
  node.branched_after = options.branched_after;
  node.fused_after = options.fused_after;
  Link conv{.name = node.path,
            .in = input.channels,
            .out = options.out,
            .kernel_height = options.kernel,
            .kernel_width = width,
            .stride = options.stride,
            .groups = options.groups,
            .pad_height = options.kernel / 2,
            .pad_width = width / 2,
            .bias = options.bias};
  node.shape = shape_after(conv, input);
  Branch branch{.links = {std::move(conv)}};
  if (!options.norm.empty())
    branch.links.push_back(
        {.kind = Link::Kind::Norm, .name = node.norm_path, .in = options.out, .out = options.out});
  node.branches.push_back(std::move(branch));
  return push(std::move(node));
}

Value GraphBuilder::activation(Value x, Activation activation) {
  return push({.op = Op::Activation, .inputs = {x}, .shape = shape(x), .activation = activation});
}

Value GraphBuilder::add(Value branch, Value residual, const std::string& path) {
  if (shape(branch) != shape(residual))
    throw GraphError(path + ": cannot add " + text_of(shape(residual)) + " to " + text_of(shape(branch)));
  return push({.op = Op::Add, .inputs = {branch, residual}, .shape = shape(branch), .path = path});
}

Value GraphBuilder::multiply(Value a, Value b) {
  return push({.op = Op::Multiply, .inputs = {a, b}, .shape = shape(a)});
}

Value GraphBuilder::concat(Value a, Value b) {
  Shape sum = shape(a);
  sum.channels += shape(b).channels;
  return push({.op = Op::Concat, .inputs = {a, b}, .shape = sum});
}

Value GraphBuilder::slice(Value x, int from, int to) {
  const Shape part{to - from, shape(x).height, shape(x).width};
  return push({.op = Op::Slice, .inputs = {x}, .shape = part, .from = from, .to = to});
}

Value GraphBuilder::shuffle(Value x, int groups) {
  return push({.op = Op::Shuffle, .inputs = {x}, .shape = shape(x), .groups = groups});
}

Value GraphBuilder::avg_pool(Value x, int kernel, int stride, const std::string& where) {
  const auto& map = shape(x);
  if (map.height < kernel || map.width < kernel)
    throw GraphError(
        fmt::format("the input is too small: the map at {} is {}x{} px and its average pool needs {}x{}",
                    where, map.height, map.width, kernel, kernel));
  const Shape pooled{map.channels, (map.height - kernel) / stride + 1, (map.width - kernel) / stride + 1};
  return push({.op = Op::AvgPool, .inputs = {x}, .shape = pooled, .kernel = kernel, .stride = stride});
}

Value GraphBuilder::max_pool(Value x, int kernel, int stride, int padding) {
  const auto size = [&](int length) { return (length + 2 * padding - kernel) / stride + 1; };
  const Shape pooled{shape(x).channels, size(shape(x).height), size(shape(x).width)};
  return push({.op = Op::MaxPool,
               .inputs = {x},
               .shape = pooled,
               .kernel = kernel,
               .stride = stride,
               .padding = padding});
}

Value GraphBuilder::upsample_like(Value x, Value like) {
  const Shape size{shape(x).channels, shape(like).height, shape(like).width};
  return push({.op = Op::Upsample, .inputs = {x, like}, .shape = size});
}

Value GraphBuilder::global_pool(Value x) {
  return push({.op = Op::GlobalPool, .inputs = {x}, .shape = {shape(x).channels, 1, 1}});
}

Value GraphBuilder::dropout(Value x, double rate, const std::string& path) {
  if (rate == 0) return x;
  return push({.op = Op::Dropout, .inputs = {x}, .shape = shape(x), .path = path, .rate = rate});
}

Value GraphBuilder::linear(Value x, const std::string& path, int classes) {
  const int features = shape(x).channels * shape(x).height * shape(x).width;
  return push({.op = Op::Linear,
               .inputs = {x},
               .shape = {classes, 1, 1},
               .path = path,
               .from = features,
               .to = classes});
}

Graph GraphBuilder::finish(ConvInit conv, LinearInit linear) {
  graph_.conv_init = conv;
  graph_.linear_init = linear;
  name_stages(graph_);
  return std::move(graph_);
}

}  // namespace ablate
