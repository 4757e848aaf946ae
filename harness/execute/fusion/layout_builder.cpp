#include "harness/execute/fusion/layout_builder.h"

#include <algorithm>
#include <utility>

#include "harness/execute/fusion/steps.h"

namespace ablate::fusion {
namespace {

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

bool same_size(const Shape& a, const Shape& b) {
  return a.height == b.height && a.width == b.width;
}

}  // namespace

LayoutBuilder::LayoutBuilder(Layout& layout, const Graph& graph, const std::vector<std::string>& taps,
                             bool training)
    : layout_(layout),
      plan_(std::make_shared<ExecutionPlan>(graph)),
      names_(taps),
      training_(training),
      views_(graph.nodes.size()),
      readers_(graph.nodes.size()),
      tapped_(graph.nodes.size(), false) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    for (std::size_t i = 0; i < graph.nodes[n].inputs.size(); ++i)
      readers_[graph.nodes[n].inputs[i]].push_back({static_cast<Value>(n), i});
  for (const auto& name : names_) {
    const auto point = plan_->graph.tap_at(name);
    if (point.branch < 0)
      tapped_[point.node] = true;
    else
      inner_taps_[point.node].push_back(name);
  }
}

void LayoutBuilder::build() {
  views_[0] = new_root(node(0).shape);
  join_units();
  for (std::size_t n = 1; n < views_.size(); ++n) add(static_cast<Value>(n));
  layout_.logits = views_.back();
  for (const auto& name : names_) {
    const auto point = plan_->graph.tap_at(name);
    layout_.taps.push_back(point.branch < 0 ? views_[point.node] : inner_views_.at(name));
  }
}

void LayoutBuilder::join_units() {
  for (std::size_t n = 1; n < views_.size(); ++n) {
    const auto value = static_cast<Value>(n);
    if (node(value).op != Op::Concat) continue;
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

bool LayoutBuilder::only_read_by(Value value, Op op, std::size_t input) const {
  return !tapped_[value] &&
         std::all_of(readers_[value].begin(), readers_[value].end(), [&](const Reader& reader) {
           return node(reader.node).op == op && reader.input == input;
         });
}

void LayoutBuilder::add(Value value) {
  if (!add_fused(value)) add_reference(value);
}

bool LayoutBuilder::add_fused(Value value) {
  const auto& n = node(value);
  switch (n.op) {
    case Op::Unit:
      if (!is_fused_unit(value)) return false;
      unit(value);
      return true;
    case Op::Add:
      views_[value] = new_root(n.shape);
      layout_.steps.push_back(sum_step({input(value, 0), input(value, 1)}, views_[value]));
      return true;
    case Op::Multiply:
      return multiply(value);
    case Op::Concat:
      return concat(value);
    case Op::Slice:
      views_[value] = input(value);
      views_[value].offset += n.from;
      views_[value].channels = n.to - n.from;
      return true;
    case Op::Shuffle:
      return shuffle(value);
    case Op::Activation:
      return activation(value);
    case Op::AvgPool:
      if (n.kernel != n.stride || n.padding != 0) return false;
      pool(value, n.kernel, n.kernel);
      return true;
    case Op::GlobalPool:
      pool(value, node(in(value)).shape.height, node(in(value)).shape.width);
      return true;
    case Op::Upsample:
      return upsample(value);
    case Op::Linear:
      if (node(in(value)).shape.height != 1 || node(in(value)).shape.width != 1) return false;
      views_[value] = linear(value);
      return true;
    case Op::Dropout:
    case Op::DropPath:
      views_[value] = input(value);
      return !training_ || n.rate == 0;
    case Op::Input:
    case Op::MaxPool:
      return false;
  }
  return false;
}

void LayoutBuilder::add_reference(Value value) {
  std::vector<View> in, out{new_root(node(value).shape)};
  for (std::size_t i = 0; i < node(value).inputs.size(); ++i) in.push_back(plain(input(value, i)));
  const auto& taps = inner_taps_[value];
  for (const auto& name : taps) {
    const auto point = plan_->graph.tap_at(name);
    Shape shape = node(this->in(value)).shape;
    for (int l = 0; l <= point.link; ++l)
      shape = shape_after(node(value).branches[point.branch].links[l], shape);
    out.push_back(inner_views_[name] = new_root(shape));
  }
  layout_.steps.push_back(reference_step(plan_, value, std::move(in), out, taps));
  views_[value] = out[0];
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
  std::vector<View> terms;
  for (std::size_t b = 0; b < n.branches.size(); ++b) terms.push_back(branch(value, b, {}));
  if (out.root < 0) out = new_root(n.shape, act != Act::None);
  out.act = Act::None;
  layout_.steps.push_back(sum_step(terms, out));
  out.act = act;
  views_[value] = out;
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

/// A gate reads the small map itself.
bool LayoutBuilder::upsample(Value value) {
  views_[value] = input(value);
  return only_read_by(value, Op::Multiply, 1) &&
         std::all_of(readers_[value].begin(), readers_[value].end(), [&](const Reader& reader) {
           return same_size(node(in(reader.node, 0)).shape, node(reader.node).shape);
         });
}

bool LayoutBuilder::multiply(Value value) {
  const auto& shape = node(value).shape;
  if (!same_size(node(in(value, 0)).shape, shape)) return false;
  const View x = input(value, 0);
  View gate = input(value, 1);
  if (gate.root == x.root) gate = copy_of(gate);
  views_[value] = new_root(shape);
  layout_.steps.push_back(gate_step(x, gate, views_[value]));
  return true;
}

/// Either two units already write side by side, or a shuffle reads the two maps itself.
bool LayoutBuilder::concat(Value value) {
  const auto& shape = node(value).shape;
  if (const auto place = places_.find(value); place != places_.end()) {
    views_[value] = {place->second.root, 0, shape.channels, input(value).act};
    return true;
  }
  const bool halves = node(in(value, 0)).shape.channels * 2 == shape.channels;
  return halves && readers_[value].size() == 1 && only_read_by(value, Op::Shuffle, 0) &&
         node(readers_[value][0].node).groups == 2;
}

bool LayoutBuilder::shuffle(Value value) {
  const Value joined = in(value);
  if (node(joined).op != Op::Concat || views_[joined].root >= 0) return false;
  const View a = input(joined, 0);
  View b = input(joined, 1);
  if (b.root == a.root) b = copy_of(b);
  views_[value] = new_root(node(value).shape);
  layout_.steps.push_back(interleave_step(a, b, views_[value]));
  return true;
}

bool LayoutBuilder::activation(Value value) {
  const View& before = input(value);
  if (before.act != Act::None || !same_size(layout_.roots[before.root].shape, node(value).shape))
    return false;
  views_[value] = before;
  views_[value].act = act_of(node(value).activation);
  layout_.roots[before.root].affine = true;
  return true;
}

void LayoutBuilder::pool(Value value, int kernel_height, int kernel_width) {
  views_[value] = new_root(node(value).shape);
  layout_.steps.push_back(pool_step(input(value), views_[value], kernel_height, kernel_width));
}

View LayoutBuilder::new_root(const Shape& shape, bool affine, bool sums) {
  layout_.roots.push_back({shape, affine, sums});
  return {static_cast<int>(layout_.roots.size()) - 1, 0, shape.channels, Act::None};
}

View LayoutBuilder::copy_of(const View& view) {
  View& copy = copies_[{view.root, view.offset, view.channels, view.act}];
  if (copy.root >= 0) return copy;
  Shape shape = layout_.roots[view.root].shape;
  shape.channels = view.channels;
  copy = new_root(shape);
  layout_.steps.push_back(sum_step({view}, copy));
  return copy;
}

View LayoutBuilder::readable(const View& view) {
  return view.act == Act::Sigmoid || view.act == Act::HardSigmoid ? copy_of(view) : view;
}

View LayoutBuilder::plain(const View& view) {
  return layout_.roots[view.root].affine || view.act != Act::None ? copy_of(view) : view;
}

}  // namespace ablate::fusion
