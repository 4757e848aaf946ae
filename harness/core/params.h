#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "harness/core/problems.h"
#include "harness/core/tree.h"

namespace ablate {

/// A reference to a teacher. In a sweep it is a name of `teachers`; in a spec it is an object, either
/// {"run": <run key>} or {"weights": <sha256 of the file>, "backbone": {...}}.
struct TeacherRef {
  nlohmann::json id;
};

/// A file or folder: where something lies, never part of a key.
struct PathValue {
  std::string text;
};

/// An ingredient given as a parameter of another one (`sam` around an optimizer): {name: {parameters}}.
struct NestedIngredient {
  nlohmann::json entry;
};

enum class ParamType { Bool, Integer, Real, Choice, Text, Path, Teacher, Ingredient };

/// What values a parameter may take; a default-made one allows all.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool open_low = false;                                                           // low itself is excluded
  bool open_high = false;                                                          // high itself is excluded
  std::vector<std::string> choices;                                                // of a Choice
  std::string family;                                                              // of a nested Ingredient
  std::size_t min_items = 0, max_items = std::numeric_limits<std::size_t>::max();  // of a list
};

Range any();
Range between(double low, double high);
Range at_least(double low);
Range above(double low);
/// low <= x < high
Range from_below(double low, double high);
Range one_of(std::vector<std::string> choices);
Range of_family(std::string family);
/// The same bounds for every item, and exactly n items.
Range each(Range range, std::size_t n);

/// The declaration of one parameter: all that validation, help, schema, reference pages and the ledger need.
struct ParamInfo {
  std::string name;
  ParamType type = ParamType::Real;
  bool list = false;
  bool optional = false;  // null is allowed, and means "not set"
  bool required = false;  // no default: the user must give it
  bool in_key = true;     // false: says where, not what (paths, caches)
  bool wide = false;      // an integer of 64 bits rather than 32
  nlohmann::json fallback;
  Range range;
  std::string doc;
  std::string source;  // where the default comes from; the entry's own source when empty
};

namespace detail {

template <class V>
struct Codec;  // type, list, optional, to, from

/// Whether the innermost value is an integer of 64 bits.
template <class V>
inline constexpr bool is_wide = std::is_same_v<V, std::int64_t>;
template <class V>
inline constexpr bool is_wide<std::vector<V>> = is_wide<V>;
template <class V>
inline constexpr bool is_wide<std::optional<V>> = is_wide<V>;

template <ParamType Type, class V>
struct PlainCodec {
  static constexpr ParamType type = Type;
  static constexpr bool list = false, optional = false;
  static nlohmann::json to(const V& v) { return v; }
  static V from(const nlohmann::json& j) { return j.get<V>(); }
};
template <>
struct Codec<bool> : PlainCodec<ParamType::Bool, bool> {};
template <>
struct Codec<int> : PlainCodec<ParamType::Integer, int> {};
template <>
struct Codec<std::int64_t> : PlainCodec<ParamType::Integer, std::int64_t> {};
template <>
struct Codec<double> : PlainCodec<ParamType::Real, double> {};
template <>
struct Codec<std::string> : PlainCodec<ParamType::Text, std::string> {};
template <>
struct Codec<PathValue> {
  static constexpr ParamType type = ParamType::Path;
  static constexpr bool list = false, optional = false;
  static nlohmann::json to(const PathValue& v) { return v.text; }
  static PathValue from(const nlohmann::json& j) { return {j.get<std::string>()}; }
};
template <>
struct Codec<TeacherRef> {
  static constexpr ParamType type = ParamType::Teacher;
  static constexpr bool list = false, optional = false;
  static nlohmann::json to(const TeacherRef& v) { return v.id; }
  static TeacherRef from(const nlohmann::json& j) { return {j}; }
};
template <>
struct Codec<NestedIngredient> {
  static constexpr ParamType type = ParamType::Ingredient;
  static constexpr bool list = false, optional = false;
  static nlohmann::json to(const NestedIngredient& v) { return v.entry; }
  static NestedIngredient from(const nlohmann::json& j) { return {j}; }
};
template <class V>
struct Codec<std::vector<V>> {
  static constexpr ParamType type = Codec<V>::type;
  static constexpr bool list = true, optional = false;
  static nlohmann::json to(const std::vector<V>& v) {
    auto j = nlohmann::json::array();
    for (const auto& x : v) j.push_back(Codec<V>::to(x));
    return j;
  }
  static std::vector<V> from(const nlohmann::json& j) {
    std::vector<V> v;
    for (const auto& x : j) v.push_back(Codec<V>::from(x));
    return v;
  }
};
template <class V>
struct Codec<std::optional<V>> {
  static constexpr ParamType type = Codec<V>::type;
  static constexpr bool list = Codec<V>::list, optional = true;
  static nlohmann::json to(const std::optional<V>& v) { return v ? Codec<V>::to(*v) : nlohmann::json(); }
  static std::optional<V> from(const nlohmann::json& j) {
    if (j.is_null()) return std::nullopt;
    return Codec<V>::from(j);
  }
};

}  // namespace detail

/// Binds names to the members of P, those of its bases included; the defaults are P's own initialisers.
template <class P>
class Fields {
 public:
  template <class V, class Owner>
  Fields& add(std::string name, V Owner::*member, Range range, std::string doc, std::string source = "") {
    static_assert(std::is_base_of_v<Owner, P>);
    using C = detail::Codec<V>;
    ParamInfo info;
    info.name = name;
    info.type = C::type == ParamType::Text && !range.choices.empty() ? ParamType::Choice : C::type;
    info.list = C::list;
    info.optional = C::optional;
    info.in_key = C::type != ParamType::Path;
    info.wide = detail::is_wide<V>;
    info.fallback = C::to(P().*member);  // P{} of derived settings: GCC 12 warns of its strings
    info.range = std::move(range);
    info.doc = std::move(doc);
    info.source = std::move(source);
    info_.push_back(std::move(info));
    set_.push_back([name = std::move(name), member](P& p, const nlohmann::json& settings) {
      if (auto it = settings.find(name); it != settings.end()) p.*member = C::from(*it);
    });
    return *this;
  }
  /// The last one added must be given by the user.
  Fields& required() {
    info_.back().required = true;
    return *this;
  }
  /// The last one added says where or how fast, not what: it stays out of keys.
  Fields& not_in_key() {
    info_.back().in_key = false;
    return *this;
  }

  const std::vector<ParamInfo>& info() const { return info_; }
  /// A filled-in P; names that are missing keep their defaults.
  P read(const nlohmann::json& settings) const {
    P p{};
    for (const auto& set : set_) set(p, settings);
    return p;
  }

 private:
  std::vector<ParamInfo> info_;
  std::vector<std::function<void(P&, const nlohmann::json&)>> set_;
};

/// Checks the object `given` against the declarations: every unknown name (with the nearest known one), wrong
/// type, value out of range and missing required parameter is a problem at its place. Returns every
/// parameter, defaults filled in, integers turned into reals where a real is declared. `what` names the owner
/// in messages ("optimizer.sgd"). Values of type Teacher and Ingredient are only checked for their JSON type
/// here: what they name is the plan's business.
nlohmann::json resolve(const std::vector<ParamInfo>& params, const Tree& given, const std::string& what,
                       Problems& problems);

/// The settings without those at their default and those that are in no key: what keys are made of.
nlohmann::json hashed_settings(const std::vector<ParamInfo>& params, const nlohmann::json& settings);

/// JSON Schema (2020-12) of an object with these parameters.
nlohmann::json schema_of(const std::vector<ParamInfo>& params);

/// A real for people: shortest form, "4" rather than "4.0".
std::string plain_number(double value);
/// "[0, 1)", "at least 0", "above 0", "any".
std::string range_text(const Range& range);
/// "real in [0, 1), default 0.9": for help and reference pages.
std::string describe_values(const ParamInfo& param);

}  // namespace ablate
