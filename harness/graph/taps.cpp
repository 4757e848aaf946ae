#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "harness/graph/graph.h"

namespace ablate {
namespace {

const std::string kUnitOutput = ".out";

std::optional<TapPoint> link_named(const Graph& graph, const std::string& name) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const auto& branches = graph.nodes[n].branches;
    for (std::size_t b = 0; b < branches.size(); ++b)
      for (std::size_t l = 0; l < branches[b].links.size(); ++l)
        if (!name.empty() && branches[b].links[l].name == name)
          return TapPoint{static_cast<Value>(n), static_cast<int>(b), static_cast<int>(l)};
  }
  return std::nullopt;
}

std::optional<TapPoint> unit_named(const Graph& graph, const std::string& name) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const auto& node = graph.nodes[n];
    if (node.op == Op::Unit && (name == node.path || name == node.path + kUnitOutput))
      return TapPoint{static_cast<Value>(n)};
  }
  return std::nullopt;
}

/// "stage.-1" is the last stage, "stage.-2" the one before: as the graph calls it. Other names stay.
std::string counted_from_first(const Graph& graph, const std::string& name) {
  const std::string stage = "stage.", from_last = stage + "-";
  if (!name.starts_with(from_last)) return name;
  int stages = 0;
  while (graph.taps.contains(stage + std::to_string(stages))) ++stages;
  const int back = std::atoi(name.c_str() + from_last.size());
  return back < 1 || back > stages ? name : stage + std::to_string(stages - back);
}

std::vector<std::string> all_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const auto& [name, value] : graph.taps) names.push_back(name);
  for (const auto& node : graph.nodes) {
    if (node.op == Op::Unit) names.push_back(node.path + kUnitOutput);
    for (const auto& branch : node.branches)
      for (const auto& link : branch.links)
        if (!link.name.empty()) names.push_back(link.name);
  }
  return names;
}

}  // namespace

TapPoint Graph::tap_at(const std::string& name) const {
  if (const auto named = taps.find(counted_from_first(*this, name)); named != taps.end())
    return {named->second};
  if (const auto link = link_named(*this, name)) return *link;
  if (const auto unit = unit_named(*this, name)) return *unit;
  throw Error("the network has no map '" + name + "'" + suggestion(name, all_names(*this)));
}

}  // namespace ablate
