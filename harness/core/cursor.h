#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "harness/core/problems.h"

namespace ablate {

/// Ends the reading of a text; its problem is reported already.
struct SyntaxError {};

/// A place in a JSON text that moves forward over its lexical parts. Columns count Unicode code points.
class Cursor {
 public:
  Cursor(std::string_view text, const std::string& file, Problems& problems);

  bool at_end() const { return at_ == text_.size(); }
  /// The next byte, or -1 at the end.
  int peek() const { return at_end() ? -1 : static_cast<unsigned char>(text_[at_]); }
  /// Moves over one code point; it must be valid UTF-8.
  void next();
  Place place() const { return {file_, line_, column_}; }

  void skip_byte_order_mark();
  /// Moves over white space and comments.
  void skip_space();
  /// Reads a string, its quotes included, escapes resolved.
  std::string string();
  /// Reads a number; second is true when it has neither fraction nor exponent.
  std::pair<std::string_view, bool> number();
  /// Reads letters, digits and underscores; may be empty.
  std::string_view word();

  /// The next character for a message: "'x'", "a line break", "the end of the file".
  std::string shown() const;
  [[noreturn]] void fail(const std::string& message) const { fail_at(place(), message); }
  [[noreturn]] void fail_at(const Place& place, const std::string& message) const;

 private:
  void skip_line_comment();
  void skip_block_comment();
  void digits(const char* where);
  void escape(std::string& text);
  unsigned int code_unit();

  std::string_view text_;
  std::string file_;
  Problems& problems_;
  std::size_t at_ = 0;
  int line_ = 1;
  int column_ = 1;
};

}  // namespace ablate
