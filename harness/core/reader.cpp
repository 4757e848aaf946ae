#include <charconv>
#include <unordered_map>

#include <fmt/format.h>

#include "harness/core/cursor.h"
#include "harness/core/journal.h"
#include "harness/core/tree.h"

namespace ablate {
namespace {

constexpr int kDeepest = 200;

/// A recursive descent over the text. A syntax error is reported and thrown; mistakes that leave the
/// structure clear (a key given twice, a number out of range) are reported and read over, so that a file
/// shows all of them at once.
class Reader {
 public:
  Reader(std::string_view text, const std::string& file, Problems& problems)
      : cursor_(text, file, problems), problems_(problems) {}

  Tree document() {
    cursor_.skip_byte_order_mark();
    cursor_.skip_space();
    if (cursor_.at_end()) cursor_.fail("the file is empty, a JSON value is expected");
    auto tree = value(0);
    cursor_.skip_space();
    if (!cursor_.at_end()) cursor_.fail(fmt::format("{} after the end of the JSON value", cursor_.shown()));
    return tree;
  }

 private:
  Tree value(int depth) {
    if (depth > kDeepest) cursor_.fail(fmt::format("nested deeper than {} levels", kDeepest));
    Tree tree;
    tree.place = cursor_.place();
    const int next = cursor_.peek();
    if (next == '{')
      object(tree, depth);
    else if (next == '[')
      array(tree, depth);
    else if (next == '"')
      tree.kind = Tree::Kind::String, tree.text = cursor_.string();
    else if (next == '-' || (next >= '0' && next <= '9'))
      number(tree);
    else
      word(tree);
    return tree;
  }

  void object(Tree& tree, int depth) {
    tree.kind = Tree::Kind::Object;
    std::unordered_map<std::string, int> lines;
    cursor_.next();
    while (!closes('}')) {
      if (cursor_.peek() != '"')
        cursor_.fail(fmt::format("a key in double quotes or '}}' is expected, not {}", cursor_.shown()));
      const auto place = cursor_.place();
      auto key = cursor_.string();
      cursor_.skip_space();
      if (cursor_.peek() != ':')
        cursor_.fail(fmt::format("':' is expected after the key '{}', not {}", key, cursor_.shown()));
      cursor_.next();
      cursor_.skip_space();
      auto member = value(depth + 1);
      if (const auto [first, fresh] = lines.emplace(key, place.line); !fresh)
        problems_.error(place,
                        fmt::format("the key '{}' is given twice, first in line {}", key, first->second));
      else
        tree.members.push_back({std::move(key), place, std::move(member)});
      separator('}');
    }
  }

  void array(Tree& tree, int depth) {
    tree.kind = Tree::Kind::Array;
    cursor_.next();
    while (!closes(']')) {
      tree.items.push_back(value(depth + 1));
      separator(']');
    }
  }

  bool closes(char closing) {
    cursor_.skip_space();
    if (cursor_.peek() != closing) return false;
    cursor_.next();
    return true;
  }

  /// After an item: a comma, or the end comes next.
  void separator(char closing) {
    cursor_.skip_space();
    if (cursor_.peek() == ',')
      cursor_.next();
    else if (cursor_.peek() != closing)
      cursor_.fail(fmt::format("',' or '{}' is expected, not {}", closing, cursor_.shown()));
  }

  void number(Tree& tree) {
    const auto [text, whole] = cursor_.number();
    tree.kind = whole ? Tree::Kind::Integer : Tree::Kind::Real;
    const auto* end = text.data() + text.size();
    const auto status = whole ? std::from_chars(text.data(), end, tree.integer).ec
                              : std::from_chars(text.data(), end, tree.real).ec;
    if (status == std::errc{}) return;
    problems_.error(tree.place, whole ? fmt::format("{} does not fit an integer of 64 bits", text)
                                      : fmt::format("{} is out of the range of real numbers", text));
  }

  void word(Tree& tree) {
    const auto text = cursor_.word();
    if (text == "true" || text == "false")
      tree.kind = Tree::Kind::Bool, tree.boolean = text == "true";
    else if (text.empty())
      cursor_.fail(fmt::format("a value is expected, not {}", cursor_.shown()));
    else if (text != "null")
      cursor_.fail_at(tree.place, fmt::format("'{}' is no JSON value; strings stand in double quotes", text));
  }

  Cursor cursor_;
  Problems& problems_;
};

}  // namespace

std::optional<Tree> read_json(std::string_view text, const std::string& file, Problems& problems) {
  try {
    return Reader(text, file, problems).document();
  } catch (const SyntaxError&) {  // reported where it was found
    return std::nullopt;
  }
}

std::optional<Tree> read_json_file(const std::filesystem::path& path, Problems& problems) {
  return read_json(read_file(path), path.string(), problems);
}

}  // namespace ablate
