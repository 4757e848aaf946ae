#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

#include "harness/execute/safetensors.h"

namespace ablate {
namespace {

constexpr std::size_t kNamesShown = 5;

/// Counters that carry no weights: of BatchNorm, and of a profiler that some releases leave behind.
bool is_counter(std::string_view name) {
  constexpr std::array<std::string_view, 3> suffixes{"num_batches_tracked", "total_ops", "total_params"};
  return std::any_of(suffixes.begin(), suffixes.end(),
                     [&](std::string_view suffix) { return name.ends_with(suffix); });
}

/// "3 missing: a, b, c" and a line end; "" without names.
std::string report_line(const std::string& what, const std::vector<std::string>& names) {
  if (names.empty()) return "";
  const auto shown = std::min(names.size(), kNamesShown);
  return fmt::format("{} {}: {}{}\n", names.size(), what,
                     fmt::join(names.begin(), names.begin() + shown, ", "),
                     shown < names.size() ? ", ..." : "");
}

}  // namespace

std::string LoadReport::text() const {
  const auto count = loaded.empty() ? std::string() : fmt::format("{} loaded\n", loaded.size());
  return count + report_line("missing in the file", missing) +
         report_line("unknown to the network", unexpected) + report_line("of another shape", reshaped) +
         report_line("ignored", ignored);
}

LoadReport load_weights(const std::filesystem::path& path, Weights& weights) {
  const at::NoGradGuard no_grad;
  LoadReport report;
  std::set<std::string> found;
  for (const auto& [name, tensor] : load_tensors(path).tensors) {
    if (!weights.has(name)) {
      (is_counter(name) ? report.ignored : report.unexpected).push_back(name);
      continue;
    }
    found.insert(name);
    const auto& target = weights.at(name);
    const bool fits = target.sizes() == tensor.sizes();
    if (fits) target.copy_(tensor);
    (fits ? report.loaded : report.reshaped).push_back(name);
  }
  for (const auto& entry : weights.entries())
    if (!found.contains(entry.name)) report.missing.push_back(entry.name);
  return report;
}

void save_weights(const std::filesystem::path& path, const Weights& weights,
                  const std::map<std::string, std::string>& metadata) {
  TensorFile file{.metadata = metadata};
  for (const auto& entry : weights.entries()) file.tensors.emplace_back(entry.name, entry.tensor);
  save_tensors(path, file);
}

}  // namespace ablate
