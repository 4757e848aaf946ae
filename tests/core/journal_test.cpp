#include "harness/core/journal.h"

#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/core/problems.h"

namespace ablate {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class InFolder : public testing::Test {
 protected:
  void SetUp() override {
    auto name = (std::filesystem::temp_directory_path() / "ablate-core-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path holding(const std::string& content) const {
    std::ofstream(folder_ / "journal.jsonl", std::ios::binary) << content;
    return folder_ / "journal.jsonl";
  }

  std::filesystem::path folder_;
};

using JournalTest = InFolder;
using Files = InFolder;

json numbered(int n) {
  return {{"n", n}};
}

TEST_F(JournalTest, GivesBackWhatWasAppendedAcrossOpenings) {
  const auto path = folder_ / "journal.jsonl";
  Journal(path).append(numbered(1));
  {
    Journal journal(path);
    journal.append(numbered(2));
    journal.sync();
  }
  EXPECT_THAT(read_journal(path), ElementsAre(numbered(1), numbered(2)));
}

TEST_F(JournalTest, IsEmptyWhereThereIsNoFile) {
  EXPECT_THAT(read_journal(folder_ / "none.jsonl"), IsEmpty());
}

TEST_F(JournalTest, LeavesATornLastLineOut) {
  EXPECT_THAT(read_journal(holding("{\"n\":1}\n{\"n\":2")), ElementsAre(numbered(1)));
  EXPECT_THAT(read_journal(holding("{\"n\":1}\n{\"n\":2}")), ElementsAre(numbered(1)))
      << "its end is missing";
  EXPECT_THAT(read_journal(holding("{\"n\"")), IsEmpty());
  EXPECT_THAT(read_journal(holding(std::string("{\"n\":1}\n\0\0\0\0\":2}\n", 17))), ElementsAre(numbered(1)));
}

TEST_F(JournalTest, CutsATornLastLineOffBeforeItAppends) {
  const auto path = holding("{\"n\":1}\n{\"n\":2");
  Journal(path).append(numbered(3));
  EXPECT_EQ(read_file(path), "{\"n\":1}\n{\"n\":3}\n");
}

TEST_F(JournalTest, NamesALineThatIsBrokenInTheMiddle) {
  const auto path = holding("{\"n\":1}\n{\"n\":\n{\"n\":3}\n");
  try {
    read_journal(path);
    FAIL() << "a broken line was accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("journal.jsonl:2: "));
  }
}

TEST_F(JournalTest, KeepsALineWhoseTextIsNotUtf8) {
  const auto path = folder_ / "journal.jsonl";
  Journal(path).append({{"stderr", "broken \xFF byte"}});
  EXPECT_THAT(read_journal(path).at(0).at("stderr").get<std::string>(), HasSubstr("broken "));
}

TEST_F(JournalTest, SaysWhichFileCannotBeOpened) {
  try {
    Journal journal(folder_ / "no-such-folder" / "journal.jsonl");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no-such-folder"));
  }
}

TEST_F(Files, AreReplacedWholeAndLeaveNothingBeside) {
  const auto path = folder_ / "spec.json";
  write_file(path, "old");
  write_file(path, std::string("new\0text\n", 9));
  EXPECT_EQ(read_file(path), std::string("new\0text\n", 9));
  write_file(path, "");
  EXPECT_EQ(read_file(path), "");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(Files, StayAsTheyWereWhenWritingFails) {
  const auto target = folder_ / "folder";
  std::filesystem::create_directory(target);
  std::ofstream(target / "inside") << "kept";
  EXPECT_THROW(write_file(target, "text"), Error);
  EXPECT_EQ(read_file(target / "inside"), "kept");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
  EXPECT_THROW(write_file(folder_ / "absent" / "x", "text"), Error);
}

TEST_F(Files, ThatCannotBeReadAreNamed) {
  EXPECT_THROW(read_file(folder_ / "absent"), Error);
  EXPECT_THROW(read_file(folder_), Error);
}

TEST(Numbers, ThatAreNotFiniteSurviveAJournal) {
  const auto infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(finite_or_text(1.5), json(1.5));
  EXPECT_EQ(finite_or_text(infinity), json("inf"));
  EXPECT_EQ(finite_or_text(-infinity), json("-inf"));
  EXPECT_EQ(finite_or_text(std::nan("")), json("nan"));
  for (const double value : {1.5, infinity, -infinity}) EXPECT_EQ(number_from(finite_or_text(value)), value);
  EXPECT_TRUE(std::isnan(number_from(finite_or_text(std::nan("")))));
  EXPECT_EQ(number_from(json(3)), 3.0);
  EXPECT_THROW(number_from(json("three")), Error);
  EXPECT_THROW(number_from(json()), Error);
}

}  // namespace
}  // namespace ablate
