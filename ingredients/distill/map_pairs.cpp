#include "ingredients/distill/map_pairs.h"

#include <fmt/format.h>

#include <cmath>

namespace ablate::ingredients {
namespace {

Shape shape_at(const Graph& graph, const std::string& name) {
  const auto point = graph.tap_at(name);
  const auto& node = graph.nodes[point.node];
  if (point.link < 0) return node.shape;
  Shape shape = graph.nodes[node.inputs[0]].shape;
  for (int link = 0; link <= point.link; ++link)
    shape = shape_after(node.branches[point.branch].links[link], shape);
  return shape;
}

std::vector<std::string> stage_names(const Graph& graph) {
  std::vector<std::string> names;
  for (auto name = fmt::format("stage.{}", 0); graph.taps.contains(name);
       name = fmt::format("stage.{}", names.size()))
    names.push_back(name);
  return names;
}

/// The stage whose height is nearest, as a ratio; the later of two.
std::string nearest_stage(const Graph& graph, const Shape& wanted) {
  std::string nearest;
  double least = 0;
  for (const auto& name : stage_names(graph)) {
    const double distance = std::abs(std::log2(double(shape_at(graph, name).height) / wanted.height));
    if (!nearest.empty() && distance > least) continue;
    nearest = name;
    least = distance;
  }
  return nearest;
}

std::vector<std::string> stages_of_common_size(const Graph& student, const Graph& teacher) {
  std::vector<std::string> names;
  for (const auto& name : stage_names(student)) {
    const auto ours = shape_at(student, name);
    const auto theirs = shape_at(teacher, nearest_stage(teacher, ours));
    if (ours.height == theirs.height && ours.width == theirs.width) names.push_back(name);
  }
  if (names.empty()) names.push_back("stage.-1");
  return names;
}

}  // namespace

std::vector<MapPair> pair_maps(const Graph& student, const Graph& teacher,
                               const std::vector<std::string>& student_maps,
                               const std::vector<std::string>& teacher_maps) {
  const auto wanted = student_maps.empty() ? stages_of_common_size(student, teacher) : student_maps;
  std::vector<MapPair> pairs;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    MapPair pair;
    pair.student = wanted[i];
    pair.student_shape = shape_at(student, pair.student);
    pair.teacher = teacher_maps.empty() ? nearest_stage(teacher, pair.student_shape) : teacher_maps.at(i);
    pair.teacher_shape = shape_at(teacher, pair.teacher);
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

}  // namespace ablate::ingredients
