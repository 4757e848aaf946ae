#include "harness/data/plane.h"

#include <algorithm>
#include <cmath>

namespace ablate {
namespace {

/// A weighted sum of values at first, first + 1, ...
struct Sum {
  int first = 0;
  std::vector<double> weights;
};

/// How each of n values is made of all n; what falls on one value twice is added up.
std::vector<Sum> sums_along(int n, const std::vector<double>& weights, Edge edge) {
  const int reach = int(weights.size()) / 2;
  std::vector<Sum> sums;
  for (int i = 0; i < n; ++i) {
    std::vector<double> folded(std::size_t(n), 0);
    int first = i, last = i;
    for (int k = -reach; k <= reach; ++k) {
      const int at = inside(i + k, n, edge);
      folded[std::size_t(at)] += weights[std::size_t(k + reach)];
      first = std::min(first, at);
      last = std::max(last, at);
    }
    sums.push_back({first, {folded.begin() + first, folded.begin() + last + 1}});
  }
  return sums;
}

}  // namespace

int inside(int i, int n, Edge edge) {
  if (edge == Edge::Nearest || n == 1) return std::clamp(i, 0, n - 1);
  const int period = edge == Edge::Mirrored ? 2 * (n - 1) : 2 * n;
  const int at = (i % period + period) % period;
  return at < n ? at : edge == Edge::Mirrored ? period - at : period - 1 - at;
}

std::vector<double> bell(double deviation, int reach) {
  std::vector<double> weights;
  double sum = 0;
  for (int i = -reach; i <= reach; ++i) {
    weights.push_back(i == 0 ? 1 : std::exp(-0.5 * i * i / (deviation * deviation)));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

Plane blurred(const Plane& plane, const std::vector<double>& weights, Edge edge) {
  Plane across{plane.height, plane.width, std::vector<double>(plane.values.size(), 0)}, both = across;
  const auto columns = sums_along(plane.width, weights, edge);
  for (int y = 0; y < plane.height; ++y)
    for (int x = 0; x < plane.width; ++x) {
      const auto& [first, sum] = columns[std::size_t(x)];
      for (std::size_t k = 0; k < sum.size(); ++k) across.at(y, x) += sum[k] * plane.at(y, first + int(k));
    }
  const auto rows = sums_along(plane.height, weights, edge);
  for (int y = 0; y < plane.height; ++y) {
    const auto& [first, sum] = rows[std::size_t(y)];
    for (std::size_t k = 0; k < sum.size(); ++k)
      for (int x = 0; x < plane.width; ++x) both.at(y, x) += sum[k] * across.at(first + int(k), x);
  }
  return both;
}

Plane normal_plane(int height, int width, double mean, double deviation, Draw& draw) {
  Plane plane{height, width, {}};
  plane.values.reserve(std::size_t(height) * std::size_t(width));
  for (int i = 0; i < height * width; ++i) plane.values.push_back(mean + deviation * draw.normal());
  return plane;
}

double between(const Plane& plane, double y, double x, Edge edge) {
  constexpr double kFar = 1e6;  // a square that is almost flat sends places anywhere
  y = std::clamp(y, -kFar, kFar);
  x = std::clamp(x, -kFar, kFar);
  const int top = int(std::floor(y)), left = int(std::floor(x));
  const auto value = [&](int row, int column) {
    return plane.at(inside(row, plane.height, edge), inside(column, plane.width, edge));
  };
  const auto across = [&](int row) { return std::lerp(value(row, left), value(row, left + 1), x - left); };
  return std::lerp(across(top), across(top + 1), y - top);
}

}  // namespace ablate
