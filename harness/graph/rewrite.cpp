#include "harness/graph/rewrite.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace ablate {
namespace {

/// One convolution without bias, then a BatchNorm.
bool is_convolution_and_norm(const Node& node) {
  if (node.branches.size() != 1) return false;
  const auto& links = node.branches[0].links;
  return links.size() == 2 && links[0].kind == Link::Kind::Conv && !links[0].bias &&
         links[1].kind == Link::Kind::Norm;
}

std::vector<Branch> branches_of(const Node& unit, const BranchOptions& options) {
  const Link& conv = unit.branches[0].links[0];
  std::vector<Branch> branches;
  if (options.identity && conv.in == conv.out && conv.stride == 1)
    branches.push_back({"skip", {norm_link(unit.branch_stem + "_skip", conv.out)}});
  for (int i = 0; i < options.convolutions; ++i)
    branches.push_back(
        convolution_branch(std::to_string(i), fmt::format("{}_conv.{}", unit.branch_stem, i), conv));
  if (options.scale && conv.kernel_height * conv.kernel_width > 1) {
    Link scale = conv;
    scale.kernel_height = scale.kernel_width = 1;
    scale.pad_height = scale.pad_width = 0;
    branches.push_back(convolution_branch("scale", unit.branch_stem + "_scale", std::move(scale)));
  }
  return branches;
}

bool has_norm(const Node& node) {
  for (const auto& branch : node.branches)
    for (const auto& link : branch.links)
      if (link.kind == Link::Kind::Norm) return true;
  return false;
}

void merge(Node& unit) {
  unit.branches = {Branch{.links = {merged_convolution(unit)}}};
}

void fuse(Node& unit) {
  if (unit.form != UnitForm::Branched && unit.branches.size() == 1) return;
  if (is_convolution_and_norm(unit)) {
    auto links = std::move(unit.branches[0].links);
    links[0].name = unit.path;
    links[1].name = unit.norm_path;
    unit.branches = {Branch{.links = std::move(links)}};
    unit.form = UnitForm::Plain;
  } else {
    merge(unit);
    unit.form = UnitForm::Fused;
  }
}

}  // namespace

Link norm_link(const std::string& name, int channels) {
  return {.kind = Link::Kind::Norm, .name = name, .in = channels, .out = channels};
}

Branch convolution_branch(std::string id, const std::string& scope, Link conv) {
  conv.name = scope + ".conv";
  const int channels = conv.out;
  return {std::move(id), {std::move(conv), norm_link(scope + ".bn", channels)}};
}

bool is_plain_convolution(const Node& node) {
  return node.op == Op::Unit && node.form == UnitForm::Plain && is_convolution_and_norm(node);
}

int rewrite_units(Graph& graph, const std::set<Role>& roles, const BranchesOf& branches_of) {
  int changed = 0;
  for (auto& node : graph.nodes) {
    if (!is_plain_convolution(node) || !roles.contains(node.role)) continue;
    auto branches = branches_of(node);
    if (branches.empty()) continue;
    node.branches = std::move(branches);
    node.form = UnitForm::Branched;
    ++changed;
  }
  return changed;
}

int add_branches(Graph& graph, const BranchOptions& options) {
  return rewrite_units(graph, options.roles, [&](const Node& unit) { return branches_of(unit, options); });
}

Value insert_before(Graph& graph, Value consumer, std::size_t input, Node node) {
  const Value source = graph.nodes[consumer].inputs[input];
  node.inputs = {source};
  node.shape = graph.nodes[source].shape;
  const auto moved = [consumer](Value value) { return value >= consumer ? value + 1 : value; };
  for (auto& other : graph.nodes)
    for (auto& value : other.inputs) value = moved(value);
  for (auto& [name, value] : graph.taps) value = moved(value);
  graph.nodes.insert(graph.nodes.begin() + consumer, std::move(node));
  graph.nodes[consumer + 1].inputs[input] = consumer;
  return consumer;
}

Graph fused(const Graph& training) {
  Graph graph = training;
  for (auto& node : graph.nodes)
    if (node.op == Op::Unit) fuse(node);
  return graph;
}

Graph deployed(const Graph& training) {
  Graph graph = fused(training);
  for (auto& node : graph.nodes)
    if (node.op == Op::Unit && has_norm(node)) merge(node);
  return graph;
}

}  // namespace ablate
