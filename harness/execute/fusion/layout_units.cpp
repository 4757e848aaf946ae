#include <algorithm>
#include <optional>
#include <utility>

#include "harness/execute/fusion/layout_builder.h"
#include "harness/execute/fusion/steps.h"

namespace ablate::fusion {
namespace {

/// A convolution, then BatchNorm; or one of them.
bool is_covered(const Branch& branch) {
  const auto& links = branch.links;
  if (links.empty() || links.size() > 2) return false;
  if (links[0].kind == Link::Kind::Norm) return links.size() == 1;
  return covers(links[0]) && (links.size() == 1 || (links[1].kind == Link::Kind::Norm && !links[0].bias));
}

Affine affine_of(const Branch& branch, const std::vector<std::size_t>& tensors) {
  if (branch.links.back().kind == Link::Kind::Norm) return {Affine::Kind::Norm, tensors.back()};
  if (branch.links[0].bias) return {Affine::Kind::Bias, tensors[0] + 1};
  return {};
}

bool is_convolution_alone(const Node& unit) {
  return unit.branches.size() == 1 && unit.branches[0].links[0].kind == Link::Kind::Conv;
}

/// Two and more branches of 1x1 convolutions or identities, each with its BatchNorm.
bool is_foldable(const Node& unit) {
  const auto fits = [](const Branch& branch) {
    const auto& first = branch.links[0];
    return branch.links.back().kind == Link::Kind::Norm &&
           (branch.links.size() == 1 ||
            (first.groups == 1 && first.kernel_height == 1 && first.kernel_width == 1 && first.stride == 1 &&
             first.pad_height == 0));
  };
  return unit.branches.size() > 1 && std::all_of(unit.branches.begin(), unit.branches.end(), fits);
}

/// Folding takes a covariance of nine taps and more over the outputs: on maps of few pixels these are too few
/// for it to keep its digits, and there is little to win.
bool folds_well(const Shape& map) {
  constexpr int kFewest = 16;
  return map.height * map.width >= kFewest;
}

/// Two and more branches of depthwise convolutions of one stride or identities, each with its BatchNorm.
bool is_depthwise_sum(const Node& unit) {
  const auto stride = [](const Branch& branch) {
    return branch.links.size() == 1 ? 1 : branch.links[0].stride;
  };
  return unit.branches.size() > 1 &&
         std::all_of(unit.branches.begin(), unit.branches.end(), [&](const Branch& branch) {
           return branch.links.back().kind == Link::Kind::Norm &&
                  (branch.links.size() == 1 || is_depthwise(branch.links[0])) &&
                  stride(branch) == stride(unit.branches[0]);
         });
}

}  // namespace

Act act_of(Activation activation) {
  switch (activation) {
    case Activation::None:
      return Act::None;
    case Activation::Relu:
      return Act::Relu;
    case Activation::Relu6:
      return Act::Relu6;
    case Activation::Sigmoid:
      return Act::Sigmoid;
    case Activation::HardSigmoid:
      return Act::HardSigmoid;
  }
  return Act::None;
}

void LayoutBuilder::join_units() {
  for (std::size_t n = 1; n < views_.size(); ++n) {
    const auto value = static_cast<Value>(n);
    if (node(value).op != Op::Concat || only_interleaved(value)) continue;
    const Value a = in(value, 0), b = in(value, 1);
    const bool fits = a != b && is_fused_unit(a) && is_fused_unit(b) &&
                      node(a).activation == node(b).activation && !places_.contains(a) &&
                      !places_.contains(b);
    if (!fits) continue;
    const int root = new_root(node(value).shape, true, true).root;
    places_[a] = {root, 0};
    places_[b] = {root, node(a).shape.channels};
    places_[value] = {root, 0};
  }
}

bool LayoutBuilder::is_fused_unit(Value value) const {
  const auto& n = node(value);
  return n.op == Op::Unit && !inner_taps_.contains(value) &&
         std::all_of(n.branches.begin(), n.branches.end(), is_covered);
}

void LayoutBuilder::unit(Value value) {
  const auto& n = node(value);
  const auto act = act_of(n.activation);
  const auto place = places_.find(value);
  View out;
  if (place != places_.end()) out = {place->second.root, place->second.offset, n.shape.channels, act};
  if (is_convolution_alone(n)) {
    views_[value] = branch(value, 0, out);
    views_[value].act = act;
    return;
  }
  if (together(value, out)) return;
  std::vector<View> terms;
  for (std::size_t b = 0; b < n.branches.size(); ++b) terms.push_back(branch(value, b, {}));
  if (out.root < 0) out = new_root(n.shape, act != Act::None);
  out.act = Act::None;
  layout_.steps.push_back(sum_step(terms, out));
  out.act = act;
  views_[value] = out;
}

/// All branches in one step, where there is one that is better than a step each: folded into one convolution,
/// or side by side. `out`: where the sum goes, if it has its place.
bool LayoutBuilder::together(Value value, View out) {
  const auto& n = node(value);
  const int channels = node(in(value)).shape.channels;
  const bool depthwise = is_depthwise_sum(n) && folds_well(n.shape), pointwise = is_foldable(n);
  const bool folds = depthwise || (pointwise && folds_well(channels, n.shape.channels));
  // bfloat16 numbers are multiplied in pairs of neighbours, which no two branches share.
  if (!folds && (!pointwise || n.shape.channels % 2 != 0)) return false;
  const auto act = act_of(n.activation);
  if (out.root < 0) out = new_root(n.shape, folds || act != Act::None, folds);
  out.act = Act::None;
  auto branches = branches_of(value);
  if (depthwise) {
    const auto stride = n.branches[0].links.size() == 1 ? 1 : n.branches[0].links[0].stride;
    layout_.steps.push_back(folded_depthwise_step(std::move(branches), stride, readable(input(value)), out));
  } else if (folds) {
    layout_.steps.push_back(folded_pointwise_step(std::move(branches), readable(input(value)), out));
  } else {
    Shape all = n.shape;
    all.channels *= static_cast<int>(branches.size());
    const View joined = new_root(all, true, true);
    layout_.steps.push_back(concatenated_step(std::move(branches), readable(input(value)), joined, out));
  }
  out.act = act;
  views_[value] = out;
  return true;
}

std::vector<FoldedBranch> LayoutBuilder::branches_of(Value value) const {
  std::vector<FoldedBranch> branches;
  for (std::size_t b = 0; b < node(value).branches.size(); ++b) {
    const auto& tensors = plan_->nodes[value].tensors[b];
    auto& branch = branches.emplace_back(FoldedBranch{.weight = std::nullopt, .norm = tensors.back()});
    if (tensors.size() == 1) continue;
    const auto& convolution = node(value).branches[b].links[0];
    branch.weight = tensors[0];
    branch.kernel_height = convolution.kernel_height;
    branch.kernel_width = convolution.kernel_width;
  }
  return branches;
}

/// What a branch makes, before the activation; in a root of its own unless it is given its place.
View LayoutBuilder::branch(Value value, std::size_t index, const View& place) {
  const auto& branch = node(value).branches[index];
  const auto& tensors = plan_->nodes[value].tensors[index];
  const auto affine = affine_of(branch, tensors);
  View out = place.root >= 0 ? place : new_root(node(value).shape, true, affine.kind != Affine::Kind::None);
  out.act = Act::None;
  if (branch.links[0].kind == Link::Kind::Norm)
    layout_.steps.push_back(norm_step(plain(input(value)), out, affine));
  else
    layout_.steps.push_back(
        convolution_step(branch.links[0], readable(input(value)), out, tensors[0], affine));
  return out;
}

View LayoutBuilder::linear(Value value) {
  const auto& n = node(value);
  Link link;
  link.in = n.from;
  link.out = n.to;
  const std::size_t weight = plan_->nodes[value].tensors[0][0];
  const View out = new_root(n.shape, true, true);
  layout_.steps.push_back(
      convolution_step(link, readable(input(value)), out, weight, {Affine::Kind::Bias, weight + 1}));
  return out;
}

}  // namespace ablate::fusion
