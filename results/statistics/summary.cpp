#include "results/statistics/summary.h"

#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace ablate {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double half_width(const Summary& summary, double confidence) {
  return t_quantile(0.5 + confidence / 2, summary.n - 1) * summary.sd / std::sqrt(summary.n);
}

/// The chance that a paired t test of n pairs rejects, where the true difference is `effect` standard
/// deviations.
double power_of(int n, double effect, double confidence) {
  const double critical = t_quantile(0.5 + confidence / 2, n - 1);
  const boost::math::non_central_t shifted(n - 1, effect * std::sqrt(n));
  return boost::math::cdf(boost::math::complement(shifted, critical)) + boost::math::cdf(shifted, -critical);
}

}  // namespace

Summary summarise(const std::vector<double>& values) {
  Summary summary{static_cast<int>(values.size()), kNaN, kNaN};
  if (values.empty()) return summary;
  double sum = 0;
  for (double value : values) sum += value;
  summary.mean = sum / summary.n;
  if (summary.n < 2) return summary;
  double squares = 0;  // around the mean: the one-pass form loses the digits that matter here
  for (double value : values) squares += (value - summary.mean) * (value - summary.mean);
  summary.sd = std::sqrt(squares / (summary.n - 1));
  return summary;
}

Interval t_interval(const std::vector<double>& values, double confidence) {
  const auto summary = summarise(values);
  if (summary.n < 2) return {kNaN, kNaN};
  const double half = half_width(summary, confidence);
  return {summary.mean - half, summary.mean + half};
}

double t_quantile(double probability, double degrees_of_freedom) {
  return boost::math::quantile(boost::math::students_t(degrees_of_freedom), probability);
}

double t_two_sided(double t, double degrees_of_freedom) {
  if (std::isnan(t)) return kNaN;
  if (std::isinf(t)) return 0;
  return 2 * boost::math::cdf(boost::math::students_t(degrees_of_freedom), -std::abs(t));
}

Paired paired_t(const std::vector<double>& a, const std::vector<double>& b, double confidence) {
  if (a.size() != b.size()) throw std::invalid_argument("paired_t: samples of different length");
  std::vector<double> differences(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) differences[i] = a[i] - b[i];
  const auto summary = summarise(differences);
  Paired paired{summary.n, summary.mean, summary.sd, {kNaN, kNaN}, kNaN};
  if (summary.n < 2) return paired;
  const double half = half_width(summary, confidence);
  paired.interval = {summary.mean - half, summary.mean + half};
  if (summary.sd > 0 || summary.mean != 0)
    paired.p = t_two_sided(summary.mean / (summary.sd / std::sqrt(summary.n)), summary.n - 1);
  else
    paired.p = 1;  // all pairs equal: 0 / 0
  return paired;
}

int pairs_needed(double difference, double sd, double confidence, double power) {
  constexpr int kMost = 10000;
  const double effect = std::abs(difference / sd);
  if (!std::isfinite(effect) || power_of(kMost, effect, confidence) < power) return 0;
  int low = 1, high = 2;  // power grows with n: double, then halve
  while (power_of(high, effect, confidence) < power) low = std::exchange(high, 2 * high);
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (power_of(middle, effect, confidence) < power ? low : high) = middle;
  }
  return high;
}

double sign_flip_floor(int pairs) {
  return pairs < 1 ? 1.0 : std::ldexp(2.0, -pairs);
}

}  // namespace ablate
