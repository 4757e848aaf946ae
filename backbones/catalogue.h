#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/core/params.h"
#include "harness/graph/graph.h"

namespace ablate {

/// A network family: a description of its graph, no torch.
struct BackboneEntry {
  std::string name;
  std::string doc;
  std::string source;
  int version = 1;  // raised when a change alters what is computed, or a default changes
  std::vector<ParamInfo> params;
  /// Throws GraphError when the input is too small or a combination of settings does not exist.
  std::function<Graph(const nlohmann::json& settings, const Input& input)> build;
};

/// What an entry says about itself, apart from its parameters.
struct BackboneHeader {
  std::string name, doc, source;
  int version = 1;
};

/// What `build` gives for the input. When it throws GraphError and a larger square input would do, the
/// message says which.
Graph build_or_suggest(const std::function<Graph(const Input&)>& build, const Input& input);

template <class P>
BackboneEntry describe(BackboneHeader header, Graph (*build)(const P&, const Input&), Fields<P> fields) {
  return {header.name,
          header.doc,
          header.source,
          header.version,
          fields.info(),
          [build, fields](const nlohmann::json& settings, const Input& input) {
            const P params = fields.read(settings);
            return build_or_suggest([&](const Input& tried) { return build(params, tried); }, input);
          }};
}

/// Every backbone, in the order of the list in backbones/CMakeLists.txt.
const std::vector<BackboneEntry>& backbone_catalogue();
/// Null when there is none of that name.
const BackboneEntry* find_backbone(const std::string& name);

}  // namespace ablate
