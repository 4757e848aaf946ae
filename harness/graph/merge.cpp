// The geometry of the one convolution that a sum of branches amounts to. Values: harness/execute/fold.cpp.

#include <algorithm>
#include <numeric>
#include <string>

#include "harness/graph/rewrite.h"

namespace ablate {
namespace {

/// One axis of a convolution: output i reads inputs stride * i - pad ... stride * i - pad + kernel - 1.
struct Axis {
  int kernel = 1, stride = 1, pad = 0;
};

/// First `a`, then a link of that axis.
Axis then(const Axis& a, const Axis& b) {
  return {a.kernel + (b.kernel - 1) * a.stride, a.stride * b.stride, a.pad + a.stride * b.pad};
}

struct Merged {
  Axis height, width;
  int groups = 0;  // gcd so far
};

/// Padding inside a chain is exact only where the padded value is what the links before make of a padded
/// input: zero as long as nothing shifts, else the shift of a 1x1 start.
void check_padding(const Link& link, bool shifted, const Merged& before, const std::string& path) {
  if (link.pad_height == 0 && link.pad_width == 0) return;
  const bool pointwise =
      before.height.kernel * before.width.kernel == 1 && before.height.stride * before.width.stride == 1;
  const bool first = pointwise && !shifted && !link.pad_with_shift;
  if (first || (pointwise && shifted && link.pad_with_shift)) return;
  throw Error(path + ": the border of " + link.name +
              " has no equal in one convolution (see Link::pad_with_shift)");
}

Merged merged(const Branch& branch, const std::string& path) {
  Merged sum;
  bool shifted = false;
  for (const auto& link : branch.links) {
    if (link.kind != Link::Kind::Norm) check_padding(link, shifted, sum, path);
    if (link.kind != Link::Kind::Norm) {
      sum.height = then(sum.height, {link.kernel_height, link.stride, link.pad_height});
      sum.width = then(sum.width, {link.kernel_width, link.stride, link.pad_width});
    }
    shifted = shifted || link.kind == Link::Kind::Norm || link.bias;
    sum.groups = std::gcd(sum.groups, link.kind == Link::Kind::Conv ? link.groups : link.out);
  }
  return sum;
}

/// The smallest axis that covers both; their strides agree.
Axis cover(const Axis& a, const Axis& b) {
  const int pad = std::max(a.pad, b.pad);
  return {pad + std::max(a.kernel - a.pad, b.kernel - b.pad), a.stride, pad};
}

}  // namespace

Link merged_convolution(const Node& unit) {
  Merged sum = merged(unit.branches.at(0), unit.path);
  for (const auto& branch : unit.branches) {
    const auto other = merged(branch, unit.path);
    if (other.height.stride != sum.height.stride || other.width.stride != sum.width.stride)
      throw Error(unit.path + ": branches of different strides have no common convolution");
    sum = {cover(sum.height, other.height), cover(sum.width, other.width),
           std::gcd(sum.groups, other.groups)};
  }
  const auto& links = unit.branches[0].links;
  return {.name = unit.path,
          .in = links.front().in,
          .out = links.back().out,
          .kernel_height = sum.height.kernel,
          .kernel_width = sum.width.kernel,
          .stride = sum.height.stride,
          .groups = sum.groups,
          .pad_height = sum.height.pad,
          .pad_width = sum.width.pad,
          .bias = true};
}

}  // namespace ablate
