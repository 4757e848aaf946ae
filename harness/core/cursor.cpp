#include "harness/core/cursor.h"

#include <fmt/format.h>

namespace ablate {
namespace {

bool is_digit(int c) {
  return c >= '0' && c <= '9';
}

bool is_word(int c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Bytes of the code point that the text starts with, 0 if it is not well formed (Unicode 15, table 3-7).
std::size_t code_point_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

void append_utf8(unsigned int code_point, std::string& text) {
  const auto trailing = [&](int shift) { text += static_cast<char>(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    text += static_cast<char>(0xC0 | (code_point >> 6));
    trailing(0);
  } else if (code_point < 0x10000) {
    text += static_cast<char>(0xE0 | (code_point >> 12));
    trailing(6);
    trailing(0);
  } else {
    text += static_cast<char>(0xF0 | (code_point >> 18));
    trailing(12);
    trailing(6);
    trailing(0);
  }
}

}  // namespace

Cursor::Cursor(std::string_view text, const std::string& file, Problems& problems)
    : text_(text), file_(file), problems_(problems) {}

void Cursor::next() {
  const auto bytes = code_point_bytes(text_.substr(at_));
  if (bytes == 0) fail("a byte that is not UTF-8");
  if (text_[at_] == '\n') {
    ++line_;
    column_ = 1;
  } else {
    ++column_;
  }
  at_ += bytes;
}

void Cursor::skip_byte_order_mark() {
  if (text_.substr(at_).starts_with("\xEF\xBB\xBF")) at_ += 3;
}

void Cursor::skip_space() {
  for (;;) {
    const auto rest = text_.substr(at_, 2);
    if (rest == "//")
      skip_line_comment();
    else if (rest == "/*")
      skip_block_comment();
    else if (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')
      next();
    else
      return;
  }
}

void Cursor::skip_line_comment() {
  while (!at_end() && peek() != '\n') next();
}

void Cursor::skip_block_comment() {
  const auto start = place();
  next();
  next();
  while (!text_.substr(at_).starts_with("*/")) {
    if (at_end()) fail_at(start, "this comment has no end");
    next();
  }
  next();
  next();
}

std::string Cursor::string() {
  const auto start = place();
  std::string text;
  next();
  while (peek() != '"') {
    if (at_end() || peek() == '\n') fail_at(start, "this string has no closing quote");
    if (peek() < 0x20) fail(fmt::format("{} in a string; write it as an escape", shown()));
    if (peek() == '\\') {
      escape(text);
      continue;
    }
    const auto before = at_;
    next();
    text += text_.substr(before, at_ - before);
  }
  next();
  return text;
}

void Cursor::escape(std::string& text) {
  constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
  const auto start = place();
  next();
  if (at_end()) fail_at(start, "the file ends in an escape");
  if (const auto which = kNames.find(text_[at_]); which != std::string_view::npos) {
    text += kMeanings[which];
    next();
    return;
  }
  if (peek() != 'u')
    fail_at(start, fmt::format("an escape that JSON does not know: {} after a backslash", shown()));
  next();
  auto code_point = code_unit();
  const char* alone = "half of a surrogate pair alone; write both halves, or the character itself";
  if (code_point >= 0xDC00 && code_point <= 0xDFFF) fail_at(start, alone);
  if (code_point >= 0xD800 && code_point <= 0xDBFF) {
    if (!text_.substr(at_).starts_with("\\u")) fail_at(start, alone);
    next();
    next();
    const auto low = code_unit();
    if (low < 0xDC00 || low > 0xDFFF) fail_at(start, alone);
    code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
  }
  append_utf8(code_point, text);
}

unsigned int Cursor::code_unit() {
  unsigned int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int c = peek();
    const int letter = c | 0x20;
    if (!is_digit(c) && (letter < 'a' || letter > 'f'))
      fail(fmt::format("four hexadecimal digits are expected after \\u, not {}", shown()));
    unit = unit * 16 + static_cast<unsigned int>(is_digit(c) ? c - '0' : letter - 'a' + 10);
    next();
  }
  return unit;
}

std::pair<std::string_view, bool> Cursor::number() {
  const auto start = place();
  const auto from = at_;
  bool whole = true;
  if (peek() == '-') next();
  if (peek() == '0') {
    next();
    if (is_digit(peek())) fail_at(start, "a number with a leading zero");
  } else {
    digits("after '-'");
  }
  if (peek() == '.') {
    whole = false;
    next();
    digits("after the decimal point");
  }
  if (peek() == 'e' || peek() == 'E') {
    whole = false;
    next();
    if (peek() == '+' || peek() == '-') next();
    digits("in the exponent");
  }
  if (is_word(peek()) || peek() == '.') fail_at(start, "this is no number; strings stand in double quotes");
  return {text_.substr(from, at_ - from), whole};
}

void Cursor::digits(const char* where) {
  if (!is_digit(peek())) fail(fmt::format("a digit is expected {}, not {}", where, shown()));
  while (is_digit(peek())) next();
}

std::string_view Cursor::word() {
  const auto from = at_;
  while (is_word(peek())) next();
  return text_.substr(from, at_ - from);
}

std::string Cursor::shown() const {
  if (at_end()) return "the end of the file";
  if (peek() == '\n' || peek() == '\r') return "a line break";
  if (peek() < 0x20 || peek() == 0x7F) return fmt::format("the control character {:#04x}", peek());
  const auto bytes = code_point_bytes(text_.substr(at_));
  return bytes == 0 ? "a byte that is not UTF-8" : fmt::format("'{}'", text_.substr(at_, bytes));
}

void Cursor::fail_at(const Place& place, const std::string& message) const {
  problems_.error(place, message);
  throw SyntaxError{};
}

}  // namespace ablate
