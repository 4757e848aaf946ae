#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backbones/catalogue.h"
#include "harness/data/catalogue.h"
#include "harness/plan/designs.h"
#include "harness/plan/patch.h"
#include "harness/plan/plan.h"
#include "ingredients/catalogue.h"
#include "ingredients/recipe.h"

namespace ablate {

using nlohmann::json;

namespace {

json reference_to(const std::string& definition) {
  return {{"$ref", "#/$defs/" + definition}};
}

json closed_object(json properties) {
  return {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
}

json map_of(json values) {
  return {{"type", "object"}, {"additionalProperties", std::move(values)}};
}
json list_of(json items) {
  return {{"type", "array"}, {"items", std::move(items)}, {"minItems", 1}};
}

json described(json schema, const std::string& doc) {
  schema["description"] = doc;
  return schema;
}

/// A name, or {name: {parameters}} with exactly one name.
template <class Entry>
json one_entry_schema(const std::vector<Entry>& catalogue) {
  auto names = json::array();
  auto properties = json::object();
  for (const auto& entry : catalogue) {
    names.push_back(entry.name);
    properties[entry.name] = described(schema_of(entry.params), entry.doc);
  }
  auto object = closed_object(std::move(properties));
  object["minProperties"] = object["maxProperties"] = 1;
  return {{"anyOf", {{{"enum", std::move(names)}}, std::move(object)}}};
}

json family_schema(const Family& family) {
  json names{"off"};
  auto properties = json::object(), copies = json::object();
  for (const auto& entry : ingredient_catalogue()) {
    if (entry.family != family.name) continue;
    names.push_back(entry.short_name);
    json settings{{"anyOf", {described(schema_of(entry.params), entry.doc), {{"const", "off"}}}}};
    copies["^" + entry.short_name + "@.+$"] = settings;
    properties[entry.short_name] = std::move(settings);
  }
  auto object = closed_object(std::move(properties));
  if (!copies.empty()) object["patternProperties"] = std::move(copies);
  return described({{"anyOf", {{{"enum", std::move(names)}}, std::move(object)}}}, family.doc);
}

json recipe_schema() {
  json properties{{"$schema", {{"type", "string"}}},
                  {"data", one_entry_schema(data_catalogue())},
                  {"backbone", one_entry_schema(backbone_catalogue())},
                  {"train", schema_of(train_fields().info())},
                  {"evaluate", schema_of(evaluate_fields().info())}};
  for (const auto& family : families()) properties[family.name] = family_schema(family);
  return closed_object(std::move(properties));
}

json teacher_schema() {
  json network{{"anyOf", {{{"const", "student"}}, one_entry_schema(backbone_catalogue())}}};
  auto schema = closed_object({{"backbone", std::move(network)},
                               {"weights", {{"type", "string"}}},
                               {"module", {{"type", "string"}}},
                               {"outputs", {{"type", "string"}}},
                               {"set", reference_to("patch")},
                               {"seed", {{"enum", {1, "same"}}}},
                               {"distill", family_schema(*find_family("distill"))}});
  schema["oneOf"] = {{{"required", {"backbone"}}}, {{"required", {"module"}}}, {{"required", {"outputs"}}}};
  return schema;
}

json factors_schema() {
  // a factor that starts with a key of a recipe lists values; another one holds patches
  const auto paths = fmt::format("^({})(\\..+)?$", fmt::join(recipe_keys(), "|"));
  json values{{"anyOf", {list_of(json::object()), {{"type", "object"}, {"minProperties", 1}}}}};
  return {{"type", "object"},
          {"patternProperties", {{paths, std::move(values)}}},
          {"additionalProperties", map_of(reference_to("patch"))}};
}

json panel_schema() {
  json properties{{"title", {{"type", "string"}}},
                  {"at", reference_to("selection")},
                  {"set", reference_to("patch")},
                  {"also", map_of(reference_to("patch"))},
                  {"columns", {{"type", "string"}}},
                  {"exclude", list_of(reference_to("selection"))},
                  {"backbones", list_of({{"type", "string"}})},
                  {"seeds", reference_to("seeds")},
                  {"design", reference_to("design")}};
  for (const auto& kind : design_kinds()) properties[kind.name] = described(kind.arguments, kind.doc);
  return closed_object(std::move(properties));
}

json design_schema() {
  auto names = json::array();
  auto properties = json::object();
  for (const auto& kind : design_kinds()) {
    names.push_back(kind.name);
    properties[kind.name] = described(kind.arguments, kind.doc);
  }
  auto object = closed_object(std::move(properties));
  object["minProperties"] = object["maxProperties"] = 1;
  return {{"anyOf", {{{"enum", std::move(names)}}, std::move(object)}}};
}

json definitions() {
  const json scalar{{"type", {"string", "number", "boolean", "null"}}};
  const json seed{{"type", "integer"}, {"minimum", 0}};
  return {{"recipe", recipe_schema()},
          {"patch",
           {{"type", "object"},
            {"propertyNames", {{"pattern", fmt::format("^({})(\\..+)?$", fmt::join(recipe_keys(), "|"))}}}}},
          {"selection", map_of(scalar)},
          {"seeds",
           {{"anyOf", {{{"type", "integer"}, {"minimum", 1}}, list_of(seed)}},
            {"description", "n for 1..n, or a list"}}},
          {"design", design_schema()},
          {"teacher", teacher_schema()},
          {"table", panel_schema()}};
}

}  // namespace

json sweep_schema() {
  json properties{
      {"$schema", {{"type", "string"}}},
      {"name", {{"type", "string"}, {"pattern", "^[A-Za-z0-9_-][A-Za-z0-9_.-]*$"}}},
      {"title", {{"type", "string"}}},
      {"base", {{"anyOf", {{{"type", "string"}}, reference_to("recipe")}}}},
      {"backbones",
       {{"anyOf", {list_of({{"type", "string"}}), map_of(one_entry_schema(backbone_catalogue()))}}}},
      {"adapt", map_of(reference_to("patch"))},
      {"teachers", map_of(reference_to("teacher"))},
      {"factors", factors_schema()},
      {"design", reference_to("design")},
      {"tables", list_of(reference_to("table"))},
      {"exclude", list_of(reference_to("selection"))},
      {"seeds", reference_to("seeds")},
      {"keep", {{"enum", {"last", "best", "none"}}}}};
  auto schema = closed_object(std::move(properties));
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "A sweep of Ablate";
  schema["$defs"] = definitions();
  return schema;
}

}  // namespace ablate
