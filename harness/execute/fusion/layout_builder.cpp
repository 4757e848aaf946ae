#include "harness/execute/fusion/layout_builder.h"

#include <algorithm>
#include <utility>

#include "harness/execute/fusion/steps.h"

namespace ablate::fusion {
namespace {

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

bool LayoutBuilder::only_read_by(Value value, Op op, std::size_t input) const {
  return !tapped_[value] &&
         std::all_of(readers_[value].begin(), readers_[value].end(), [&](const Reader& reader) {
           return node(reader.node).op == op && reader.input == input;
         });
}

bool LayoutBuilder::only_interleaved(Value value) const {
  return node(in(value, 0)).shape.channels * 2 == node(value).shape.channels && readers_[value].size() == 1 &&
         only_read_by(value, Op::Shuffle, 0) && node(readers_[value][0].node).groups == 2;
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
    case Op::MaxPool:
      views_[value] = new_root(n.shape);
      layout_.steps.push_back(max_pool_step(input(value), views_[value], n.kernel, n.stride, n.padding));
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
  return only_interleaved(value);
}

bool LayoutBuilder::shuffle(Value value) {
  const Value joined = in(value);
  if (node(joined).op != Op::Concat || views_[joined].root >= 0) return false;
  const View a = input(joined, 0);
  View b = input(joined, 1);
  if (b.root == a.root) b = copy_of(b);
  views_[value] = new_root(node(value).shape);
  if (training_ || !only_made_for(b, joined)) {
    layout_.steps.push_back(interleave_step(a, b, views_[value]));
    return true;
  }
  auto second = std::move(layout_.steps.back());
  layout_.steps.back() = interleave_step(std::move(second), a, b, views_[value]);
  return true;
}

/// True when the last step makes the view, the second input of that concatenation, and nobody else reads it.
/// (In training the whole batch's statistics stand between the two.)
bool LayoutBuilder::only_made_for(const View& view, Value joined) const {
  const auto& last = *layout_.steps.back();
  const Value second = in(joined, 1);
  return !last.is_library() && last.writes().size() == 1 && last.writes()[0].root == view.root &&
         view.channels == layout_.roots[view.root].shape.channels && input(joined, 1).root == view.root &&
         only_read_by(second, Op::Concat, 1) && readers_[second].size() == 1;
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
