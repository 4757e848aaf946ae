#include "harness/graph/graph.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace ablate {
namespace {

const std::array<std::string, 10> kRoleNames{"stem",  "dense",      "pointwise", "depthwise", "primary",
                                             "cheap", "downsample", "shortcut",  "attention", "head"};

}  // namespace

const std::string& name_of(Role role) {
  return kRoleNames.at(static_cast<std::size_t>(role));
}

std::vector<std::string> role_names() {
  return {kRoleNames.begin(), kRoleNames.end()};
}

Role role_named(const std::string& name) {
  const auto found = std::find(kRoleNames.begin(), kRoleNames.end(), name);
  if (found == kRoleNames.end())
    throw Error("there is no role '" + name + "'" + suggestion(name, role_names()));
  return static_cast<Role>(found - kRoleNames.begin());
}

Shape shape_after(const Link& link, const Shape& input) {
  if (link.kind == Link::Kind::Norm) return input;
  const auto size = [&](int length, int kernel, int pad) {
    return (length + 2 * pad - kernel) / link.stride + 1;
  };
  return {link.out, size(input.height, link.kernel_height, link.pad_height),
          size(input.width, link.kernel_width, link.pad_width)};
}

std::int64_t StateEntry::elements() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::int64_t Graph::parameters() const {
  std::int64_t sum = 0;
  for (const auto& entry : state())
    if (entry.trained()) sum += entry.elements();
  return sum;
}

std::int64_t Graph::macs() const {
  std::int64_t sum = 0;
  for (const auto& node : nodes) {
    if (node.op == Op::Linear) sum += std::int64_t{node.from} * node.to;
    for (const auto& branch : node.branches) {
      Shape shape = nodes[node.inputs[0]].shape;
      for (const auto& link : branch.links) {
        shape = shape_after(link, shape);
        if (link.kind == Link::Kind::Conv)
          sum += std::int64_t{link.out} * (link.in / link.groups) * link.kernel_height * link.kernel_width *
                 shape.height * shape.width;
      }
    }
  }
  return sum;
}

std::vector<Value> Graph::units(Role role) const {
  std::vector<Value> found;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i].op == Op::Unit && nodes[i].role == role) found.push_back(static_cast<Value>(i));
  return found;
}

Value Graph::unit_at(const std::string& path) const {
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].op != Op::Unit) continue;
    if (nodes[i].path == path) return static_cast<Value>(i);
    paths.push_back(nodes[i].path);
  }
  throw Error("the network has no unit '" + path + "'" + suggestion(path, paths));
}

}  // namespace ablate
