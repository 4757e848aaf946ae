#include <fmt/format.h>

#include "harness/plan/sweep.h"

namespace ablate {
namespace {

/// The value as JSON, or, when it does not look like JSON, as a bare string. `line` and `column` say where it
/// stands.
std::optional<Tree> command_line_value(const std::string& text, std::size_t line, std::size_t column,
                                       Problems& problems) {
  // a text of its own, moved to where the value stands, so that places come out right
  const auto moved = std::string(line - 1, '\n') + std::string(column - 1, ' ') + text;
  Problems syntax;
  auto value = read_json(moved, "--set", syntax);
  if (value && syntax.ok()) return value;
  const bool meant_as_json =
      !text.empty() && std::string_view("{[\"").find(text[0]) != std::string_view::npos;
  if (!meant_as_json) return Tree::string(text, {"--set", static_cast<int>(line), static_cast<int>(column)});
  for (const auto& problem : syntax.sorted()) problems.error(problem.place, problem.message);
  return std::nullopt;
}

}  // namespace

Patch read_command_line(const std::vector<std::string>& set, Problems& problems) {
  Tree patch = Tree::object({"--set", 0, 0});
  for (std::size_t i = 0; i < set.size(); ++i) {
    const Place place{"--set", static_cast<int>(i) + 1, 1};
    const auto equals = set[i].find('=');
    if (equals == std::string::npos || equals == 0) {
      problems.error(place, fmt::format("expected path=value, found '{}'", set[i]));
      continue;
    }
    const auto path = set[i].substr(0, equals);
    const auto value = command_line_value(set[i].substr(equals + 1), i + 1, equals + 2, problems);
    if (patch.find(path))
      problems.error(place, fmt::format("'{}' is set twice", path));
    else if (value)
      patch.set(path, *value, place);
  }
  return read_patch(patch, Whole::Allowed, problems);
}

}  // namespace ablate
