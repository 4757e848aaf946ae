#include "harness/core/params.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/core/canonical.h"

namespace ablate {

using nlohmann::json;

Range any() {
  return {};
}

Range between(double low, double high) {
  return {.low = low, .high = high};
}

Range at_least(double low) {
  return {.low = low};
}

Range above(double low) {
  return {.low = low, .open_low = true};
}

Range from_below(double low, double high) {
  return {.low = low, .high = high, .open_high = true};
}

Range one_of(std::vector<std::string> choices) {
  return {.choices = std::move(choices)};
}

Range of_family(std::string family) {
  return {.family = std::move(family)};
}

Range each(Range range, std::size_t n) {
  range.min_items = range.max_items = n;
  return range;
}

namespace {

/// Checks the values given for one parameter.
class Checker {
 public:
  Checker(const ParamInfo& param, const std::string& owner, Problems& problems)
      : param_(param), owner_(owner), problems_(problems) {}

  /// The value as the parameter's type has it, or nothing when it was reported.
  std::optional<json> value(const Tree& given) const {
    if (param_.optional && given.is(Tree::Kind::Null)) return json();
    return param_.list ? list(given) : item(given, param_.name);
  }

 private:
  std::optional<json> list(const Tree& given) const {
    if (!given.is(Tree::Kind::Array)) return wrong(given, param_.name, "a list");
    const auto n = given.items.size();
    const auto& range = param_.range;
    if (n < range.min_items || n > range.max_items) {
      const auto wanted = range.min_items == range.max_items ? fmt::format("{}", range.min_items)
                          : n < range.min_items              ? fmt::format("at least {}", range.min_items)
                                                             : fmt::format("at most {}", range.max_items);
      return refuse(given, param_.name, fmt::format("holds {} values, {} expected", n, wanted));
    }
    std::optional<json> values = json::array();
    for (std::size_t i = 0; i < n; ++i) {
      auto checked = item(given.items[i], fmt::format("{}[{}]", param_.name, i));
      if (!checked)
        values.reset();
      else if (values)
        values->push_back(std::move(*checked));
    }
    return values;
  }

  std::optional<json> item(const Tree& given, const std::string& name) const {
    switch (param_.type) {
      case ParamType::Bool:
        return given.is(Tree::Kind::Bool) ? json(given.boolean) : wrong(given, name, "true or false");
      case ParamType::Integer:
        return integer(given, name);
      case ParamType::Real:
        return real(given, name);
      case ParamType::Choice:
        return choice(given, name);
      case ParamType::Text:
      case ParamType::Path:
        return given.is(Tree::Kind::String) ? json(given.text) : wrong(given, name, "a string");
      case ParamType::Teacher:
        if (given.is(Tree::Kind::String) || given.is(Tree::Kind::Object)) return to_json(given);
        return wrong(given, name, "the name of a teacher");
      case ParamType::Ingredient:
        return ingredient(given, name);
    }
    return std::nullopt;
  }

  std::optional<json> integer(const Tree& given, const std::string& name) const {
    if (given.is(Tree::Kind::Real))
      return wrong(given, name, "an integer, without a decimal point or exponent");
    if (!given.is(Tree::Kind::Integer)) return wrong(given, name, "an integer");
    if (!inside(static_cast<double>(given.integer)))
      return outside(given, name, fmt::format("{}", given.integer));
    if (!param_.wide && given.integer != static_cast<int>(given.integer))
      return refuse(given, name, fmt::format("is {}, which does not fit 32 bits", given.integer));
    return json(given.integer);
  }

  std::optional<json> real(const Tree& given, const std::string& name) const {
    if (!given.is(Tree::Kind::Real) && !given.is(Tree::Kind::Integer))
      return wrong(given, name, "a real number");
    const double x = given.is(Tree::Kind::Real) ? given.real : static_cast<double>(given.integer);
    if (!inside(x)) return outside(given, name, plain_number(x));
    return json(x + 0.0);  // minus zero is zero: the two would have different keys
  }

  std::optional<json> choice(const Tree& given, const std::string& name) const {
    const auto& choices = param_.range.choices;
    const auto all = fmt::format("one of {}", fmt::join(choices, ", "));
    if (!given.is(Tree::Kind::String)) return wrong(given, name, all);
    if (std::find(choices.begin(), choices.end(), given.text) != choices.end()) return json(given.text);
    return refuse(given, name,
                  fmt::format("is '{}', expected {}{}", given.text, all, suggestion(given.text, choices)));
  }

  /// A bare name stands for {name: {}}.
  std::optional<json> ingredient(const Tree& given, const std::string& name) const {
    if (given.is(Tree::Kind::String)) return json{{given.text, json::object()}};
    if (given.is(Tree::Kind::Object) && given.members.size() == 1) return to_json(given);
    return refuse(given, name,
                  fmt::format("expects one ingredient of family '{}': a name, or {{name: {{...}}}}",
                              param_.range.family));
  }

  bool inside(double x) const {
    const auto& range = param_.range;
    return (range.open_low ? x > range.low : x >= range.low) &&
           (range.open_high ? x < range.high : x <= range.high);
  }

  std::optional<json> outside(const Tree& given, const std::string& name, const std::string& value) const {
    return refuse(given, name, fmt::format("is {}, allowed is {}", value, range_text(param_.range)));
  }

  std::optional<json> wrong(const Tree& given, const std::string& name, const std::string& wanted) const {
    return refuse(given, name, fmt::format("expects {}, not {}", wanted, kind_name(given.kind)));
  }

  std::optional<json> refuse(const Tree& given, const std::string& name, const std::string& what) const {
    problems_.error(given.place, fmt::format("'{}' of {} {}", name, owner_, what));
    return std::nullopt;
  }

  const ParamInfo& param_;
  const std::string& owner_;
  Problems& problems_;
};

void report_unknown(const std::vector<ParamInfo>& params, const Tree& given, const std::string& owner,
                    Problems& problems) {
  std::vector<std::string> known;
  for (const auto& param : params) known.push_back(param.name);
  for (const auto& member : given.members) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    auto hint = suggestion(member.key, known);
    if (hint.empty())
      hint = known.empty() ? "; it has no parameters" : fmt::format("; it has {}", fmt::join(known, ", "));
    problems.error(member.place, fmt::format("{} has no parameter '{}'{}", owner, member.key, hint));
  }
}

}  // namespace

json resolve(const std::vector<ParamInfo>& params, const Tree& given, const std::string& what,
             Problems& problems) {
  auto settings = json::object();
  for (const auto& param : params) settings[param.name] = param.fallback;
  if (!given.is(Tree::Kind::Object)) {
    problems.error(given.place,
                   fmt::format("{} expects an object of parameters, not {}", what, kind_name(given.kind)));
    return settings;
  }
  report_unknown(params, given, what, problems);
  for (const auto& param : params) {
    if (const auto* value = given.find(param.name)) {
      if (auto checked = Checker(param, what, problems).value(*value))
        settings[param.name] = std::move(*checked);
    } else if (param.required) {
      problems.error(given.place, fmt::format("{} needs '{}': {}", what, param.name, param.doc));
    }
  }
  return settings;
}

json hashed_settings(const std::vector<ParamInfo>& params, const json& settings) {
  auto hashed = json::object();
  for (const auto& param : params) {
    const auto given = settings.find(param.name);
    if (given == settings.end() || !param.in_key) continue;
    if (param.required || *given != param.fallback) hashed[param.name] = *given;
  }
  return hashed;
}

}  // namespace ablate
