#include "harness/execute/fusion/layout.h"

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

}  // namespace

Layout::Layout(const Graph& graph, const std::vector<std::string>& names, bool training) {
  LayoutBuilder(*this, graph, names, training).build();
  last_used = last_uses(*this);
}

Layout::~Layout() = default;

}  // namespace ablate::fusion
