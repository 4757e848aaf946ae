#include <cmath>

#include <fmt/format.h>

#include "harness/core/canonical.h"
#include "harness/core/params.h"

namespace ablate {

using nlohmann::json;

std::string plain_number(double value) {
  return fmt::format("{}", value);
}

std::string range_text(const Range& range) {
  const bool low = std::isfinite(range.low), high = std::isfinite(range.high);
  if (low && high)
    return fmt::format("{}{}, {}{}", range.open_low ? '(' : '[', plain_number(range.low),
                       plain_number(range.high), range.open_high ? ')' : ']');
  if (low) return fmt::format("{} {}", range.open_low ? "above" : "at least", plain_number(range.low));
  if (high) return fmt::format("{} {}", range.open_high ? "below" : "at most", plain_number(range.high));
  return "any";
}

namespace {

/// Nothing for a range that allows all.
std::string range_words(const Range& range) {
  const auto text = range_text(range);
  if (text == "any") return "";
  return (text.front() == '[' || text.front() == '(' ? " in " : ", ") + text;
}

std::string type_words(const ParamInfo& param) {
  switch (param.type) {
    case ParamType::Bool:
      return "true or false";
    case ParamType::Integer:
      return "integer" + range_words(param.range);
    case ParamType::Real:
      return "real" + range_words(param.range);
    case ParamType::Choice:
      return fmt::format("one of {}", fmt::join(param.range.choices, ", "));
    case ParamType::Text:
      return "text";
    case ParamType::Path:
      return "path";
    case ParamType::Teacher:
      return "teacher";
    case ParamType::Ingredient:
      return fmt::format("ingredient of {}", param.range.family);
  }
  return "";
}

std::string list_words(const ParamInfo& param) {
  const auto& range = param.range;
  if (range.min_items == range.max_items)
    return fmt::format("list of {}, each: {}", range.min_items, type_words(param));
  if (range.min_items > 0)
    return fmt::format("list of at least {}, each: {}", range.min_items, type_words(param));
  return "list of: " + type_words(param);
}

std::string value_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return plain_number(value.get<double>());
  return canonical(value);
}

/// The schema of a single value, without default and description.
json item_schema(const ParamInfo& param) {
  const auto& range = param.range;
  switch (param.type) {
    case ParamType::Bool:
      return {{"type", "boolean"}};
    case ParamType::Integer:
    case ParamType::Real: {
      json schema{{"type", param.type == ParamType::Real ? "number" : "integer"}};
      if (std::isfinite(range.low)) schema[range.open_low ? "exclusiveMinimum" : "minimum"] = range.low;
      if (std::isfinite(range.high)) schema[range.open_high ? "exclusiveMaximum" : "maximum"] = range.high;
      return schema;
    }
    case ParamType::Choice:
      return {{"enum", range.choices}};
    case ParamType::Text:
    case ParamType::Path:
      return {{"type", "string"}};
    case ParamType::Teacher:
      return {{"type", {"string", "object"}}};
    case ParamType::Ingredient:
      return {{"type", {"string", "object"}}, {"minProperties", 1}, {"maxProperties", 1}};
  }
  return json::object();
}

json value_schema(const ParamInfo& param) {
  auto schema = item_schema(param);
  if (param.list) {
    json list{{"type", "array"}, {"items", std::move(schema)}};
    if (param.range.min_items > 0) list["minItems"] = param.range.min_items;
    if (param.range.max_items != Range{}.max_items) list["maxItems"] = param.range.max_items;
    schema = std::move(list);
  }
  if (param.optional) schema = {{"anyOf", {std::move(schema), {{"type", "null"}}}}};
  if (!param.doc.empty()) schema["description"] = param.doc;
  if (!param.required) schema["default"] = param.fallback;
  return schema;
}

}  // namespace

json schema_of(const std::vector<ParamInfo>& params) {
  json schema{{"type", "object"}, {"additionalProperties", false}, {"properties", json::object()}};
  for (const auto& param : params) {
    schema["properties"][param.name] = value_schema(param);
    if (param.required) schema["required"].push_back(param.name);
  }
  return schema;
}

std::string describe_values(const ParamInfo& param) {
  auto text = param.list ? list_words(param) : type_words(param);
  if (param.optional) text += ", or null";
  if (param.required) return text + ", required";
  if (param.fallback.is_null()) return text + ", not set by default";
  return text + ", default " + value_text(param.fallback);
}

}  // namespace ablate
