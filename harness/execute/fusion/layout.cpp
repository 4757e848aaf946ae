#include "harness/execute/fusion/layout.h"

#include <algorithm>
#include <set>

#include "harness/execute/fusion/layout_builder.h"
#include "harness/execute/fusion/step.h"

namespace ablate::fusion {
namespace {

/// Per step, the roots whose last reader or writer it is; those that leave the network are kept.
std::vector<std::vector<int>> last_uses(const Layout& layout) {
  std::vector<int> last(layout.roots.size(), -1);
  for (std::size_t s = 0; s < layout.steps.size(); ++s)
    for (const auto* views : {&layout.steps[s]->reads(), &layout.steps[s]->writes()})
      for (const auto& view : *views) last[view.root] = static_cast<int>(s);
  last[layout.logits.root] = -1;
  for (const auto& view : layout.taps) last[view.root] = -1;
  std::vector<std::vector<int>> uses(layout.steps.size());
  for (std::size_t r = 0; r < last.size(); ++r)
    if (last[r] >= 0) uses[last[r]].push_back(static_cast<int>(r));
  return uses;
}

/// Values of an image that a step reads and writes.
std::int64_t values_of(const Layout& layout, const Step& step) {
  std::set<int> roots;
  for (const auto* views : {&step.reads(), &step.writes()})
    for (const auto& view : *views) roots.insert(view.root);
  std::int64_t values = 0;
  for (const int root : roots) {
    const auto& shape = layout.roots[root].shape;
    values += std::int64_t(shape.height) * shape.width * shape.channels;
  }
  return values;
}

/// A segment begins where no step that follows has more than a quarter of the values of the one before it:
/// maps become small towards the logits, and weights large, which are then read for more images at a time.
std::vector<Layout::Segment> segments_of(const Layout& layout) {
  constexpr int kSmaller = 4;
  const auto& steps = layout.steps;
  std::vector<std::int64_t> widest(steps.size());  // of a step and those that follow
  std::int64_t most = 1;
  for (std::size_t s = steps.size(); s-- > 0;)
    widest[s] = most = std::max(most, values_of(layout, *steps[s]));
  std::vector<Layout::Segment> segments;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    if (s == 0 || widest[s] * kSmaller <= segments.back().widest) segments.push_back({s, widest[s]});
    segments.back().end = s + 1;
  }
  return segments;
}

std::vector<char> crossing(const Layout& layout) {
  std::vector<int> segment(layout.roots.size(), -1);  // the first that uses it
  std::vector<char> crosses(layout.roots.size(), 0);
  std::size_t s = 0;
  for (int i = 0; i < static_cast<int>(layout.segments.size()); ++i)
    for (; s < layout.segments[i].end; ++s)
      for (const auto* views : {&layout.steps[s]->reads(), &layout.steps[s]->writes()})
        for (const auto& view : *views) {
          if (segment[view.root] < 0) segment[view.root] = i;
          if (segment[view.root] != i) crosses[view.root] = 1;
        }
  crosses[0] = crosses[layout.logits.root] = 1;
  for (const auto& view : layout.taps) crosses[view.root] = 1;
  return crosses;
}

/// Readers of a root that all apply the same are spared it where its writers can do that once.
void choose_finishes(Layout& layout) {
  std::vector<char> fits(layout.roots.size(), 1);
  const auto note = [&](const View& view) {
    auto& finish = layout.roots[view.root].finish;
    if (finish && *finish != view.act) fits[view.root] = 0;
    finish = view.act;
  };
  for (const auto& step : layout.steps) {
    for (const auto& view : step->reads()) note(view);
    for (const auto& view : step->writes())
      if (!step->can_finish()) fits[view.root] = 0;
  }
  note(layout.logits);
  for (const auto& view : layout.taps) note(view);
  for (std::size_t r = 0; r < layout.roots.size(); ++r) {
    auto& [shape, affine, sums, type, finish] = layout.roots[r];
    const bool known = finish == Act::None || finish == Act::Relu || finish == Act::Relu6;
    if (r == 0 || !affine || !fits[r] || !known) finish.reset();
  }
}

/// Images, and maps of one pixel (pooled features, gates, logits), are float32 in any case.
void choose_types(std::vector<Root>& roots, Precision precision) {
  if (precision == Precision::Float32) return;
  for (std::size_t r = 1; r < roots.size(); ++r)
    if (roots[r].shape.height * roots[r].shape.width > 1) roots[r].type = kernels::Type::BFloat16;
}

}  // namespace

Layout::Layout(const Graph& graph, const std::vector<std::string>& names, bool training,
               Precision precision) {
  LayoutBuilder(*this, graph, names, training).build();
  choose_types(roots, precision);
  choose_finishes(*this);
  last_used = last_uses(*this);
  segments = segments_of(*this);
  crosses = crossing(*this);
}

Layout::~Layout() = default;

}  // namespace ablate::fusion
