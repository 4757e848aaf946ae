#include "harness/core/canonical.h"

#include <cfloat>
#include <cstdlib>
#include <limits>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/core/problems.h"
#include "harness/core/random.h"

namespace ablate {
namespace {

using nlohmann::json;

TEST(Canonical, SortsKeysBytewiseAndDropsWhiteSpace) {
  const auto value = json::parse(R"({ "b": [1, true, null], "a": {"z": "x", "B": 0}, "é": 1, "_": 2 })");
  EXPECT_EQ(canonical(value), "{\"_\":2,\"a\":{\"B\":0,\"z\":\"x\"},\"b\":[1,true,null],\"é\":1}");
}

TEST(Canonical, TellsIntegersFromReals) {
  EXPECT_EQ(canonical(json::array({4, 4.0, -0.5, 5e-4, 1e22, std::numeric_limits<std::int64_t>::min()})),
            "[4,4.0,-0.5,5e-04,1e+22,-9223372036854775808]");
}

TEST(Canonical, EscapesOnlyWhatJsonMust) {
  EXPECT_EQ(canonical("a\"b\\c\n\x01/é😀"), "\"a\\\"b\\\\c\\n\\u0001/é😀\"");
}

TEST(Canonical, RefusesWhatJsonCannotSay) {
  EXPECT_THROW(canonical(std::numeric_limits<double>::quiet_NaN()), Error);
  EXPECT_THROW(canonical(json::array({std::numeric_limits<double>::infinity()})), Error);
  EXPECT_THROW(canonical("\xFF"), Error);
}

TEST(Shortest, ReadsBackToTheSameDouble) {
  auto draw = Stream(1, "test").at(0, 0);
  for (int i = 0; i < 10000; ++i) {
    const auto bits = std::uint64_t{draw.bits()} << 32 | draw.bits();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (value != value) continue;
    EXPECT_EQ(std::strtod(shortest(value).c_str(), nullptr), value) << shortest(value);
  }
}

TEST(Shortest, IsShortAndNeverLooksLikeAnInteger) {
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(shortest(100), "100.0");
  EXPECT_EQ(shortest(-3), "-3.0");
  EXPECT_EQ(shortest(DBL_MAX), "1.7976931348623157e+308");
  EXPECT_EQ(shortest(5e-324), "5e-324");
  EXPECT_EQ(shortest(std::numeric_limits<double>::infinity()), "inf");
}

// FIPS 180-4 examples of the Secure Hash Standard.
TEST(Sha256, KnowsTheStandardsAnswers) {
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, DoesNotDependOnThePieces) {
  Digest digest;
  EXPECT_EQ(digest.add("a").add("").add("bc").hex(), sha256("abc"));
}

}  // namespace
}  // namespace ablate
