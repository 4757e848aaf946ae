#pragma once

#include <vector>

namespace ablate {

/// Mean and sample standard deviation (n - 1); the mean of none and the sd below two values are NaN.
struct Summary {
  int n = 0;
  double mean = 0, sd = 0;
};
Summary summarise(const std::vector<double>& values);

/// A two-sided interval.
struct Interval {
  double low = 0, high = 0;
};

/// Student-t interval of the mean, NaN below two values.
Interval t_interval(const std::vector<double>& values, double confidence = 0.95);

/// The quantile of Student's t distribution.
double t_quantile(double probability, double degrees_of_freedom);

/// The probability that Student's t is at least as far from zero as `t`.
double t_two_sided(double t, double degrees_of_freedom);

/// Differences a - b of values paired by position, with the t interval of their mean and the two-sided p
/// value: NaN below two pairs. Where all pairs are equal, p is 1; where they differ by one constant, it is 0.
struct Paired {
  int n = 0;
  double difference = 0, sd = 0;
  Interval interval;
  double p = 0;
};
Paired paired_t(const std::vector<double>& a, const std::vector<double>& b, double confidence = 0.95);

/// The number of pairs at which a paired t test finds a true mean difference, of differences that spread by
/// `sd`, with the given power; 0 where more than 10000 would be needed, or where sd is zero or unknown.
int pairs_needed(double difference, double sd, double confidence = 0.95, double power = 0.8);

/// The smallest two-sided p of the exact sign-flip test on n pairs: 2 / 2^n.
double sign_flip_floor(int pairs);

}  // namespace ablate
