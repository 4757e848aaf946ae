#include "harness/core/problems.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

namespace ablate {
namespace {

std::string folded(const std::string& name) {
  std::string lower = name;
  for (char& c : lower) c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string
/// alignment).
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

/// The only candidate that `name` is a part of ("warmup" of "warmup_epochs"), or "".
std::string only_extension(const std::string& name, const std::vector<std::string>& candidates) {
  if (name.size() < 3) return "";
  std::string found;
  for (const auto& candidate : candidates) {
    if (folded(candidate).find(folded(name)) == std::string::npos) continue;
    if (!found.empty()) return "";
    found = candidate;
  }
  return found;
}

}  // namespace

std::string to_string(const Place& place) {
  if (place.line == 0) return place.file;
  if (place.column == 0) return fmt::format("{}:{}", place.file, place.line);
  return fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

void Problems::error(const Place& place, const std::string& message) {
  add({Severity::Error, place, message});
}

void Problems::warn(const Place& place, const std::string& message) {
  add({Severity::Warning, place, message});
}

void Problems::add(Problem problem) {
  const bool known = std::any_of(all_.begin(), all_.end(), [&](const Problem& p) {
    return std::tie(p.severity, p.place, p.message) ==
           std::tie(problem.severity, problem.place, problem.message);
  });
  if (!known) all_.push_back(std::move(problem));
}

bool Problems::ok() const {
  return std::none_of(all_.begin(), all_.end(),
                      [](const Problem& p) { return p.severity == Severity::Error; });
}

std::vector<Problem> Problems::sorted() const {
  auto problems = all_;
  std::stable_sort(problems.begin(), problems.end(),
                   [](const Problem& a, const Problem& b) { return a.place < b.place; });
  return problems;
}

std::string Problems::text() const {
  std::string lines;
  for (const auto& problem : sorted()) {
    const auto place = to_string(problem.place);
    lines += fmt::format("{}{}{}{}\n", place, place.empty() ? "" : ": ",
                         problem.severity == Severity::Warning ? "warning: " : "", problem.message);
  }
  return lines;
}

std::string nearest(const std::string& name, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = name.size();  // a name that shares nothing was not meant
  for (const auto& candidate : candidates) {
    const auto allowed = std::max<std::size_t>(1, std::max(name.size(), candidate.size()) / 3);
    const auto distance = edit_distance(folded(name), folded(candidate));
    if (distance > allowed || distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best.empty() ? only_extension(name, candidates) : best;
}

std::string suggestion(const std::string& name, const std::vector<std::string>& candidates) {
  const auto meant = nearest(name, candidates);
  return meant.empty() ? "" : fmt::format(" (did you mean '{}'?)", meant);
}

}  // namespace ablate
