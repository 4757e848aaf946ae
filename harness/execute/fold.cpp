#include "harness/execute/fold.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "harness/execute/operations.h"
#include "harness/graph/rewrite.h"

namespace ablate {
namespace {

/// One convolution with bias in double precision: what a chain of links amounts to so far.
struct Folded {
  at::Tensor kernel;  // [out, in / groups, height, width]
  at::Tensor bias;    // [out]
  std::int64_t groups = 1, stride = 1, pad_height = 0, pad_width = 0;
};

at::TensorOptions in_double() {
  return at::TensorOptions(at::kDouble);
}

/// The same convolution with fewer groups: each kernel gets zeros for the channels that it did not see.
at::Tensor regrouped(const at::Tensor& kernel, std::int64_t from, std::int64_t to) {
  if (from == to) return kernel;
  const std::int64_t ratio = from / to, outs = kernel.size(0) / from, ins = kernel.size(1);
  auto wide = at::zeros({kernel.size(0), ins * ratio, kernel.size(2), kernel.size(3)}, kernel.options());
  for (std::int64_t group = 0; group < from; ++group)
    wide.narrow(0, group * outs, outs)
        .narrow(1, group % ratio * ins, ins)
        .copy_(kernel.narrow(0, group * outs, outs));
  return wide;
}

/// `a`, then `b`: every tap of b's kernel lays down a copy of a's. Borders: merged_convolution has checked
/// them.
Folded then(const Folded& a, const Folded& b) {
  const std::int64_t groups = std::gcd(a.groups, b.groups);
  const auto first = regrouped(a.kernel, a.groups, groups), second = regrouped(b.kernel, b.groups, groups);
  const std::int64_t out = second.size(0), middle = first.size(0), in = first.size(1);
  const std::int64_t height = first.size(2), width = first.size(3);
  auto kernel =
      at::zeros({out, in, height + (second.size(2) - 1) * a.stride, width + (second.size(3) - 1) * a.stride},
                in_double());
  const auto inner = first.reshape({groups, middle / groups, in * height * width});
  for (std::int64_t y = 0; y < second.size(2); ++y)
    for (std::int64_t x = 0; x < second.size(3); ++x) {
      const auto tap = second.select(3, x).select(2, y).reshape({groups, out / groups, middle / groups});
      kernel.narrow(2, y * a.stride, height)
          .narrow(3, x * a.stride, width)
          .add_(at::bmm(tap, inner).view({out, in, height, width}));
    }
  const auto sums = second.sum({2, 3}).view({groups, out / groups, middle / groups});
  const auto bias = at::bmm(sums, a.bias.view({groups, middle / groups, 1})).view({out}) + b.bias;
  return {kernel,
          bias,
          groups,
          a.stride * b.stride,
          a.pad_height + a.stride * b.pad_height,
          a.pad_width + a.stride * b.pad_width};
}

/// y = scale x + shift, channel by channel, as a 1x1 depthwise convolution.
Folded folded_norm(const NormTensors& norm) {
  const auto scale = norm.weight.to(at::kDouble) / (norm.variance.to(at::kDouble) + kNormEpsilon).sqrt();
  const auto shift = norm.bias.to(at::kDouble) - norm.mean.to(at::kDouble) * scale;
  return {scale.view({-1, 1, 1, 1}), shift, scale.size(0)};
}

Folded folded_link(const Link& link, const Weights& weights) {
  if (link.kind == Link::Kind::Norm)
    return folded_norm({weights.at(link.name + ".weight"), weights.at(link.name + ".bias"),
                        weights.at(link.name + ".running_mean"), weights.at(link.name + ".running_var")});
  Folded folded{.bias = at::zeros({link.out}, in_double()),
                .groups = link.groups,
                .stride = link.stride,
                .pad_height = link.pad_height,
                .pad_width = link.pad_width};
  if (link.kind == Link::Kind::Conv) {
    folded.kernel = weights.at(link.name + ".weight").to(at::kDouble).contiguous();
    if (link.bias) folded.bias = weights.at(link.name + ".bias").to(at::kDouble);
  } else {
    const double share = 1.0 / (link.kernel_height * link.kernel_width);
    folded.kernel = at::full({link.out, 1, link.kernel_height, link.kernel_width}, share, in_double());
    folded.groups = link.out;
  }
  return folded;
}

/// The branch's kernel within the unit's: zeros around it, its padding aligned.
at::Tensor placed(const Folded& branch, const Link& target) {
  const auto kernel = regrouped(branch.kernel, branch.groups, target.groups);
  const std::int64_t top = target.pad_height - branch.pad_height, left = target.pad_width - branch.pad_width;
  const std::int64_t pads[] = {left, target.kernel_width - left - kernel.size(3), top,
                               target.kernel_height - top - kernel.size(2)};
  return at::constant_pad_nd(kernel, pads, 0);
}

void fold_unit(const Node& unit, const Link& target, const Weights& weights, const Weights& result) {
  const auto &kernel = result.at(target.name + ".weight"), &bias = result.at(target.name + ".bias");
  auto kernel_sum = at::zeros(kernel.sizes(), in_double());
  auto bias_sum = at::zeros(bias.sizes(), in_double());
  for (const auto& branch : unit.branches) {
    Folded sum = folded_link(branch.links.at(0), weights);
    for (std::size_t l = 1; l < branch.links.size(); ++l)
      sum = then(sum, folded_link(branch.links[l], weights));
    kernel_sum += placed(sum, target);
    bias_sum += sum.bias;
  }
  kernel.copy_(kernel_sum);
  bias.copy_(bias_sum);
}

/// Tensors that stay what they are, perhaps under another name.
void copy_tensors(const std::string& from, const std::string& to, const Weights& weights,
                  const Weights& result) {
  for (const char* suffix : {".weight", ".bias", ".running_mean", ".running_var"})
    if (result.has(to + suffix)) result.at(to + suffix).copy_(weights.at(from + suffix));
}

/// Weights of `target`, which has the nodes of `training` with some units merged.
Weights fold_into(const Graph& target, const Graph& training, const Weights& weights) {
  const at::NoGradGuard no_grad;
  Weights result(target, weights.trained().scalar_type());
  for (std::size_t n = 0; n < target.nodes.size(); ++n) {
    const auto &before = training.nodes[n], &after = target.nodes[n];
    if (before.op == Op::Linear) copy_tensors(before.path, after.path, weights, result);
    if (before.op != Op::Unit) continue;
    if (before.branches.size() == 1 && before.branches[0].links.size() == after.branches[0].links.size()) {
      for (std::size_t l = 0; l < after.branches[0].links.size(); ++l)
        copy_tensors(before.branches[0].links[l].name, after.branches[0].links[l].name, weights, result);
    } else {
      fold_unit(before, after.branches[0].links[0], weights, result);
    }
  }
  return result;
}

}  // namespace

Weights fold_branches(const Graph& training, const Weights& weights) {
  return fold_into(fused(training), training, weights);
}

Weights fold_all(const Graph& training, const Weights& weights) {
  return fold_into(deployed(training), training, weights);
}

}  // namespace ablate
