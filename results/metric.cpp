#include "results/metric.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "harness/core/problems.h"

namespace ablate {

const Metric& metric_of(const std::string& name) {
  static const std::array<Metric, 4> kAll{{{"top1", "top-1", "%", "points", 100, 2},
                                           {"top5", "top-5", "%", "points", 100, 2},
                                           {"ece", "ECE", "%", "points", 100, 2},
                                           {"loss", "loss", "", "", 1, 4}}};
  for (const auto& metric : kAll)
    if (metric.name == name) return metric;
  throw Error(fmt::format("there is no metric `{}`{}: top1, top5, loss and ece are evaluated", name,
                          suggestion(name, {"top1", "top5", "loss", "ece"})));
}

std::string fixed(double value, int decimals) {
  if (std::isnan(value)) return "n/a";
  auto text = fmt::format("{:.{}f}", std::abs(value), decimals);
  const bool zero = text.find_first_not_of("0.") == text.npos;
  return value < 0 && !zero ? "−" + text : text;
}

std::string with_sign(double value, int decimals) {
  const auto text = fixed(value, decimals);
  return value > 0 && text.find_first_not_of("0.") != text.npos ? "+" + text : text;
}

std::string three_digits(double value) {
  if (std::isnan(value)) return "";
  const double size = std::abs(value);
  return fmt::format("{:.{}f}", value, size < 9.995 ? (size < 0.9995 ? 3 : 2) : size < 99.95 ? 1 : 0);
}

std::string with_prefix(double value) {
  if (std::isnan(value)) return "";
  if (value < 1000) return fmt::format("{:.0f}", value);
  for (const auto& [unit, prefix] : {std::pair{1e3, "k"}, {1e6, "M"}, {1e9, "G"}})
    if (value < 999.5 * unit) return three_digits(value / unit) + " " + prefix;
  return three_digits(value / 1e12) + " T";
}

}  // namespace ablate
