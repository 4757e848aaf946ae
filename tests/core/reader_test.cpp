#include <fstream>
#include <limits>
#include <ostream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/core/tree.h"

namespace ablate {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

/// The value of a text that must be right.
Tree read(std::string_view text) {
  Problems problems;
  auto tree = read_json(text, "t", problems);
  EXPECT_EQ(problems.text(), "") << text;
  return tree.value_or(Tree{});
}

/// What is said of a text that must be wrong.
std::string complaints(std::string_view text) {
  Problems problems;
  read_json(text, "t", problems);
  EXPECT_FALSE(problems.ok()) << text;
  return problems.text();
}

TEST(Reader, ReadsEveryKindOfValue) {
  const auto text = R"({"a": [1, -2.5, 1e3, true, false, null], "b": {"c": "x"}, "": "", "d": {}, "e": []})";
  EXPECT_EQ(to_json(read(text)), json::parse(text));
  EXPECT_EQ(to_json(read("0")), json(0));
  EXPECT_EQ(to_json(read(" \t\r\n\"x\"\n")), json("x"));
}

TEST(Reader, TellsIntegersFromReals) {
  EXPECT_TRUE(read("2").is(Tree::Kind::Integer));
  EXPECT_TRUE(read("2.0").is(Tree::Kind::Real));
  EXPECT_TRUE(read("2e0").is(Tree::Kind::Real));
  EXPECT_EQ(read("-9223372036854775808").integer, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read("0.1").real, 0.1);
  EXPECT_EQ(read("1.7976931348623157e308").real, std::numeric_limits<double>::max());
}

TEST(Reader, AcceptsCommentsAndTrailingCommas) {
  const auto text = R"(// a sweep
{ /* base */ "a": 1, // one
  "b": [1, 2, /* last */ ],
  /* ** / */ "url": "http://x/*y*/", })";
  EXPECT_EQ(to_json(read(text)), json::parse(R"({"a": 1, "b": [1, 2], "url": "http://x/*y*/"})"));
  EXPECT_EQ(to_json(read("1 // end without a line break")), json(1));
}

TEST(Reader, SkipsAByteOrderMark) {
  const auto tree = read("\xEF\xBB\xBF{\"a\": 1}");
  EXPECT_EQ(tree.place, (Place{"t", 1, 1}));
}

TEST(Reader, KnowsThePlaceOfEveryValueAndKey) {
  const auto tree = read("{\n  \"a\": 1,\n\t\"b\" : [\r\n true,{ \"c\":null}]}");
  EXPECT_EQ(tree.place, (Place{"t", 1, 1}));
  EXPECT_EQ(tree.members[0].place, (Place{"t", 2, 3}));
  EXPECT_EQ(tree.members[0].value.place, (Place{"t", 2, 8}));
  EXPECT_EQ(tree.members[1].place, (Place{"t", 3, 2}));
  const auto& list = tree.members[1].value;
  EXPECT_EQ(list.place, (Place{"t", 3, 8}));
  EXPECT_EQ(list.items[0].place, (Place{"t", 4, 2}));
  EXPECT_EQ(list.items[1].members[0].place, (Place{"t", 4, 9}));
  EXPECT_EQ(list.items[1].members[0].value.place, (Place{"t", 4, 13}));
}

TEST(Reader, CountsColumnsInCodePoints) {
  EXPECT_EQ(read("[\"é😀\", 1]").items[1].place, (Place{"t", 1, 8}));
  EXPECT_EQ(read("/* 😀 */ 1").place, (Place{"t", 1, 9}));
}

TEST(Reader, KeepsTheOrderOfMembers) {
  const auto tree = read(R"({"z": 1, "a": 2})");
  EXPECT_EQ(tree.members[0].key, "z");
  EXPECT_EQ(tree.members[1].key, "a");
}

TEST(Reader, ResolvesEscapes) {
  EXPECT_EQ(read(R"("\"\\\/\b\f\n\r\t")").text, "\"\\/\b\f\n\r\t");
  EXPECT_EQ(read(R"("\u0041\u00e9\u20AC\ud83d\uDE00\u0000")").text, std::string("Aé€😀\0", 11));
}

TEST(Reader, ReportsEveryDuplicateKeyAtItsSecondPlace) {
  Problems problems;
  const auto tree = read_json("{\"a\": 1,\n \"a\": 2, \"b\": {\"c\": 1, \"c\": 2}}", "t", problems);
  EXPECT_EQ(problems.text(),
            "t:2:2: the key 'a' is given twice, first in line 1\n"
            "t:2:24: the key 'c' is given twice, first in line 2\n");
  ASSERT_TRUE(tree.has_value());
  EXPECT_EQ(tree->find("a")->integer, 1);
}

TEST(Reader, ReportsNumbersThatDoNotFitAndGoesOn) {
  const auto said = complaints("[9223372036854775808, 1e999,\n -9223372036854775809, 1, 1]");
  EXPECT_THAT(said, HasSubstr("t:1:2: 9223372036854775808 does not fit"));
  EXPECT_THAT(said, HasSubstr("t:1:23: 1e999 is out of the range"));
  EXPECT_THAT(said, HasSubstr("t:2:2: -9223372036854775809"));
}

struct Mistake {
  std::string text;
  std::string said;  // how the complaint starts

  friend void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.said; }
};

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreReportedWhereTheyAre) {
  Problems problems;
  EXPECT_FALSE(read_json(GetParam().text, "t", problems).has_value());
  ASSERT_EQ(problems.sorted().size(), 1u) << problems.text();
  EXPECT_THAT(problems.text(), StartsWith(GetParam().said)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Structure, Mistakes,
    testing::Values(
        Mistake{"", "t:1:1: the file is empty"}, Mistake{"  // nothing\n", "t:2:1: the file is empty"},
        Mistake{"{} x", "t:1:4: 'x' after the end"}, Mistake{"1 2", "t:1:3: '2' after the end"},
        Mistake{"{\"a\" 1}", "t:1:6: ':' is expected after the key 'a', not '1'"},
        Mistake{"{\"a\": 1 \"b\": 2}", "t:1:9: ',' or '}' is expected"},
        Mistake{"[1 2]", "t:1:4: ',' or ']' is expected"}, Mistake{"[1,,2]", "t:1:4: a value is expected"},
        Mistake{"[,]", "t:1:2: a value is expected"}, Mistake{"{,}", "t:1:2: a key in double quotes"},
        Mistake{"{a: 1}", "t:1:2: a key in double quotes"}, Mistake{"{\"a\":}", "t:1:6: a value"},
        Mistake{"[1", "t:1:3: ',' or ']' is expected, not the end of the file"},
        Mistake{"{\"a\": [", "t:1:8: a value is expected, not the end"},
        Mistake{"[True]", "t:1:2: 'True' is no JSON value"}, Mistake{"NaN", "t:1:1: 'NaN'"},
        Mistake{"'a'", "t:1:1: a value is expected, not '''"},
        Mistake{"/* open\n\n", "t:1:1: this comment has no end"}, Mistake{"1 /", "t:1:3: '/'"},
        Mistake{std::string(300, '['), "t:1:202: nested deeper than 200"}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, Mistakes,
    testing::Values(Mistake{"01", "t:1:1: a number with a leading zero"},
                    Mistake{"-01.5", "t:1:1: a number with"},
                    Mistake{"1.", "t:1:3: a digit is expected after the decimal point"},
                    Mistake{".5", "t:1:1: a value is expected"},
                    Mistake{"-", "t:1:2: a digit is expected after '-'"},
                    Mistake{"+1", "t:1:1: a value is expected"},
                    Mistake{"1e", "t:1:3: a digit is expected in the exp"}, Mistake{"1e+", "t:1:4: a digit"},
                    Mistake{"0x10", "t:1:1: this is no number"}, Mistake{"1.2.3", "t:1:1: this is no number"},
                    Mistake{"10px", "t:1:1: this is no number"}, Mistake{"-Infinity", "t:1:2: a digit"}));

INSTANTIATE_TEST_SUITE_P(Strings, Mistakes,
                         testing::Values(Mistake{"[\"open", "t:1:2: this string has no closing quote"},
                                         Mistake{"\"two\nlines\"", "t:1:1: this string has no closing quote"},
                                         Mistake{"\"a\tb\"", "t:1:3: the control character 0x09 in a string"},
                                         Mistake{"\"\\x\"", "t:1:2: an escape that JSON does not know: 'x'"},
                                         Mistake{"\"\\u12g4\"", "t:1:6: four hexadecimal digits"},
                                         Mistake{"\"\\u12", "t:1:6: four hexadecimal digits"},
                                         Mistake{"\"\\ud83d\"", "t:1:2: half of a surrogate pair"},
                                         Mistake{"\"\\ud83d\\u0041\"", "t:1:2: half of a surrogate pair"},
                                         Mistake{"\"\\ude00\"", "t:1:2: half of a surrogate pair"},
                                         Mistake{"\"\\", "t:1:2: the file ends in an escape"}));

INSTANTIATE_TEST_SUITE_P(
    Encoding, Mistakes,
    testing::Values(Mistake{"\"\xFF\"", "t:1:2: a byte that is not UTF-8"},
                    Mistake{"\"\xC0\x80\"", "t:1:2: a byte that is not UTF-8"},          // overlong
                    Mistake{"\"\xED\xA0\x80\"", "t:1:2: a byte that is not UTF-8"},      // a surrogate
                    Mistake{"\"\xF4\x90\x80\x80\"", "t:1:2: a byte that is not UTF-8"},  // above U+10FFFF
                    Mistake{"\"\xE2\x82\"", "t:1:2: a byte that is not UTF-8"},          // cut short
                    Mistake{"// \xFF\n1", "t:1:4: a byte that is not UTF-8"},
                    Mistake{"\x80", "t:1:1: a value"},
                    Mistake{std::string("1\0", 2), "t:1:2: the control character 0x00 after the end"}));

TEST(Reader, NamesTheFileOnDisk) {
  const auto path = testing::TempDir() + "reader-test.json";
  std::ofstream(path) << "[1,\n x]";
  Problems problems;
  read_json_file(path, problems);
  EXPECT_THAT(problems.text(), StartsWith(path + ":2:2: "));
  EXPECT_THROW(read_json_file(path + ".absent", problems), Error);
}

}  // namespace
}  // namespace ablate
