#include "results/rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "results/metric.h"
#include "results/text.h"

namespace ablate {
namespace {

const Ledger::Rows kRows{
    {"name", "value", "bits"},
    {{"GhostNetV2, ×½", 0.5, nlohmann::json::binary({0x01, 0xff})}, {"say \"hi\"\nthere|", 12, nullptr}}};

TEST(Rows, AlignNamesToTheLeftAndNumbersToTheRight) {
  EXPECT_EQ(rows_text(kRows, Format::Text),
            "─────────────────────────────────\n"
            "name             value  bits\n"
            "─────────────────────────────────\n"
            "GhostNetV2, ×½     0.5  (2 bytes)\n"
            "say \"hi\" there|     12\n"
            "─────────────────────────────────\n");
}

TEST(Rows, AreAMarkdownTable) {
  EXPECT_EQ(rows_text(kRows, Format::Markdown),
            "| name | value | bits |\n|:---|---:|:---|\n| GhostNetV2, ×½ | 0.5 | (2 bytes) |\n"
            "| say \"hi\" there\\| | 12 |  |\n");
}

// RFC 4180: quotes are doubled, a field may span lines.
TEST(Rows, AreCsvWithWholeBlobs) {
  EXPECT_EQ(rows_text(kRows, Format::Csv),
            "name,value,bits\n\"GhostNetV2, ×½\",0.5,01ff\n\"say \"\"hi\"\"\nthere|\",12,\n");
}

TEST(Rows, AreJsonInTheOrderOfTheColumns) {
  EXPECT_EQ(nlohmann::json::parse(rows_text(kRows, Format::Json)),
            nlohmann::json::parse(R"([{"name": "GhostNetV2, ×½", "value": 0.5, "bits": "01ff"},
                                      {"name": "say \"hi\"\nthere|", "value": 12, "bits": null}])"));
  EXPECT_LT(rows_text(kRows, Format::Json).find("name"), rows_text(kRows, Format::Json).find("bits"));
  const Ledger::Rows twice{{"x", "x"}, {{1, 2}}};
  EXPECT_EQ(nlohmann::json::parse(rows_text(twice, Format::Json)),
            nlohmann::json::parse(R"([{"x": 1, "x_2": 2}])"));
}

TEST(Rows, OfNothingStillHaveAHeader) {
  EXPECT_EQ(rows_text({{"a"}, {}}, Format::Csv), "a\n");
  EXPECT_EQ(rows_text({{"a"}, {}}, Format::Json), "[]\n");
}

TEST(Numbers, ShowThreeDigitsAndAPrefix) {
  EXPECT_EQ(with_prefix(2'236'682), "2.24 M");
  EXPECT_EQ(with_prefix(87'977'984), "88.0 M");
  EXPECT_EQ(with_prefix(999'600), "1.00 M");
  EXPECT_EQ(with_prefix(4.1e9), "4.10 G");
  EXPECT_EQ(with_prefix(850), "850");
  EXPECT_EQ(with_prefix(std::nan("")), "");
  EXPECT_EQ(three_digits(0.04216), "0.042");
  EXPECT_EQ(three_digits(9.996), "10.0");
  EXPECT_EQ(three_digits(123.4), "123");
}

TEST(Numbers, NeverShowAMinusBeforeZero) {
  EXPECT_EQ(with_sign(-0.001, 2), "0.00");
  EXPECT_EQ(with_sign(0.001, 2), "0.00");
  EXPECT_EQ(with_sign(-1.5, 2), "−1.50");
  EXPECT_EQ(with_sign(1.5, 2), "+1.50");
}

TEST(DisplayWidth, CountsCodePoints) {
  EXPECT_EQ(display_width("91.39 ± 0.12"), 12u);
}

}  // namespace
}  // namespace ablate
