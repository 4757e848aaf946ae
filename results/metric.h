#pragma once

#include <string>

namespace ablate {

/// How an evaluation's number is shown: shares in percent, differences of them in points.
struct Metric {
  std::string name;        // column of `evaluations`
  std::string title;       // "top-1"
  std::string unit;        // "%", or "" for a loss
  std::string difference;  // "points", or ""
  double scale = 1;
  int decimals = 2;
};

/// Throws Error, naming those there are, for any other name.
const Metric& metric_of(const std::string& name);

/// "91.39"; a minus is U+2212 and never stands before zero; "n/a" for NaN.
std::string fixed(double value, int decimals);
/// The same with a plus before positive numbers.
std::string with_sign(double value, int decimals);
/// Three digits and a prefix: "2.24 M", "88.0 M", "950"; "" for NaN.
std::string with_prefix(double value);
/// Three digits: "12.5", "0.421"; "" for NaN.
std::string three_digits(double value);

}  // namespace ablate
