#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/problems.h"

namespace ablate {

struct Member;

/// A JSON value that knows where it was written. Object members keep the order of the file.
struct Tree {
  enum class Kind { Null, Bool, Integer, Real, String, Array, Object };

  Kind kind = Kind::Null;
  Place place;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<Tree> items;
  std::vector<Member> members;

  bool is(Kind k) const { return kind == k; }
  bool is_off() const { return kind == Kind::String && text == "off"; }
  /// The member of that key, or null.
  const Tree* find(std::string_view key) const;
  Tree* find(std::string_view key);
  /// Replaces the member of that key, or appends it.
  void set(const std::string& key, Tree value, const Place& key_place);
  /// Removes the member of that key, if there is one.
  void erase(std::string_view key);

  static Tree string(std::string text, const Place& place);
  static Tree object(const Place& place);
};

struct Member {
  std::string key;
  Place place;  // of the key
  Tree value;
};

/// "an integer", "an object", ...: for messages.
std::string kind_name(Tree::Kind kind);

/// Reads JSON with `//` and `/* */` comments and trailing commas. Duplicate keys, invalid UTF-8, numbers out
/// of range and nesting deeper than 200 are problems; after a syntax error nothing is returned. `file` names
/// the text in messages.
std::optional<Tree> read_json(std::string_view text, const std::string& file, Problems& problems);

/// The same for a file on disk; throws Error when it cannot be read.
std::optional<Tree> read_json_file(const std::filesystem::path& path, Problems& problems);

/// The plain value, places dropped.
nlohmann::json to_json(const Tree& tree);

/// The tree of a plain value, every node at `place`.
Tree to_tree(const nlohmann::json& value, const Place& place);

}  // namespace ablate
