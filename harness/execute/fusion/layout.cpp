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

std::int64_t widest_step(const Layout& layout) {
  std::int64_t widest = 0;
  for (const auto& step : layout.steps) {
    std::set<int> roots;
    for (const auto* views : {&step->reads(), &step->writes()})
      for (const auto& view : *views) roots.insert(view.root);
    std::int64_t values = 0;
    for (const int root : roots) {
      const auto& shape = layout.roots[root].shape;
      values += std::int64_t(shape.height) * shape.width * shape.channels;
    }
    widest = std::max(widest, values);
  }
  return widest;
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
  last_used = last_uses(*this);
  widest = widest_step(*this);
}

Layout::~Layout() = default;

}  // namespace ablate::fusion
