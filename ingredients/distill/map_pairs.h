#pragma once

#include <string>
#include <vector>

#include "harness/graph/graph.h"

namespace ablate::ingredients {

/// A map of the student and the teacher's that it is compared with.
struct MapPair {
  std::string student, teacher;
  Shape student_shape, teacher_shape;
};

/// Maps by name, as `Graph::tap_at` knows them. No
/// `student_maps`: every stage whose size a stage of the teacher has, or else the last of both. No
/// `teacher_maps`: for each the teacher's stage of the nearest size, the later of two. Throws Error for a map
/// that is not there.
std::vector<MapPair> pair_maps(const Graph& student, const Graph& teacher,
                               const std::vector<std::string>& student_maps,
                               const std::vector<std::string>& teacher_maps);

}  // namespace ablate::ingredients
