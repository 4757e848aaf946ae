#pragma once

#include <vector>

#include "harness/core/random.h"

namespace ablate {

/// Values on a grid, rows first: what corruptions compute with between bytes and bytes.
struct Plane {
  int height = 0, width = 0;
  std::vector<double> values;

  double& at(int y, int x) { return values[std::size_t(y) * std::size_t(width) + std::size_t(x)]; }
  double at(int y, int x) const { return values[std::size_t(y) * std::size_t(width) + std::size_t(x)]; }
};

/// Which value of 0..n-1 stands for one outside: that at the border; the mirrored one, without repeating the
/// border (dcb|abcd|cba) or repeating it (cba|abcd|dcb).
enum class Edge { Nearest, Mirrored, MirroredWhole };
int inside(int i, int n, Edge edge);

/// Weights of a bell of that deviation at -reach..reach, their sum 1.
std::vector<double> bell(double deviation, int reach);

/// Every value becomes the sum of its neighbours along rows and columns by the weights of -reach..reach.
Plane blurred(const Plane& plane, const std::vector<double>& weights, Edge edge);

/// Independent normal draws, row by row.
Plane normal_plane(int height, int width, double mean, double deviation, Draw& draw);

/// Between four values linearly, at any place; what lies outside is as the edge has it.
double between(const Plane& plane, double y, double x, Edge edge);

}  // namespace ablate
