#include <fmt/format.h>

#include <string>
#include <vector>

#include "harness/core/canonical.h"
#include "harness/graph/graph.h"

namespace ablate {
namespace {

/// Dropout and drop-path change how a network is trained, not what its weights compute.
bool is_noise(const Node& node) {
  return node.op == Op::Dropout || node.op == Op::DropPath;
}

std::string text_of(const Link& link) {
  return fmt::format("[{} {}>{} {}x{} s{} g{} p{}x{} b{} f{}]", static_cast<int>(link.kind), link.in,
                     link.out, link.kernel_height, link.kernel_width, link.stride, link.groups,
                     link.pad_height, link.pad_width, link.bias, link.pad_with_shift);
}

std::string text_of(const Node& node, const std::vector<int>& number) {
  auto text =
      fmt::format("{} {}x{}x{} a{} {}:{} g{} k{} s{} p{} <", static_cast<int>(node.op), node.shape.channels,
                  node.shape.height, node.shape.width, static_cast<int>(node.activation), node.from, node.to,
                  node.groups, node.kernel, node.stride, node.padding);
  for (const Value input : node.inputs) text += fmt::format(" {}", number[input]);
  for (const auto& branch : node.branches) {
    text += " +";
    for (const auto& link : branch.links) text += text_of(link);
  }
  return text + "\n";
}

}  // namespace

std::string Graph::digest() const {
  std::string text;
  std::vector<int> number;  // of each node, where noise has the number of its input
  int next = 0;
  for (const auto& node : nodes) {
    if (is_noise(node)) {
      number.push_back(number[node.inputs[0]]);
      continue;
    }
    text += text_of(node, number);
    number.push_back(next++);
  }
  return sha256(text);
}

}  // namespace ablate
