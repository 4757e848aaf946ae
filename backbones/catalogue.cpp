#include "backbones/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace ablate {
namespace {

constexpr int kLargestSuggestion = 256;

}  // namespace

const BackboneEntry* find_backbone(const std::string& name) {
  for (const auto& entry : backbone_catalogue())
    if (entry.name == name) return &entry;
  return nullptr;
}

Graph build_or_suggest(const std::function<Graph(const Input&)>& build, const Input& input) {
  std::string reason;
  try {
    return build(input);
  } catch (const GraphError& error) {
    reason = error.what();
  }
  Input larger = input;
  for (int size = std::max(input.height, input.width) + 1; size <= kLargestSuggestion; ++size) {
    larger.height = larger.width = size;
    try {
      build(larger);
    } catch (const GraphError&) {
      continue;
    }
    throw GraphError(
        fmt::format("{}; with these settings {} px is the smallest larger input that works", reason, size));
  }
  throw GraphError(reason);
}

}  // namespace ablate
