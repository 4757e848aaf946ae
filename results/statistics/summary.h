#pragma once

#include <vector>

namespace ablate {

/// Mean and sample standard deviation (n - 1); sd is NaN below two values.
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

/// Differences a - b of values paired by position, with the t interval of their mean and the two-sided p value.
struct Paired {
  int n = 0;
  double difference = 0, sd = 0;
  Interval interval;
  double p = 0;
};
Paired paired_t(const std::vector<double>& a, const std::vector<double>& b, double confidence = 0.95);

/// The smallest two-sided p of the exact sign-flip test on n pairs: 2 / 2^n.
double sign_flip_floor(int pairs);

}  // namespace ablate
