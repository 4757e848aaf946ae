#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "backbones/catalogue.h"
#include "harness/core/journal.h"
#include "harness/data/catalogue.h"
#include "ingredients/catalogue.h"
#include "tests/run/program.h"

namespace ablate::testing_support {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAreArray;

TEST(Describe, ListsEveryEntryByItsFullName) {
  std::vector<std::string> expected;
  for (const auto& entry : ingredient_catalogue()) expected.push_back(entry.name);
  for (const auto& entry : backbone_catalogue()) expected.push_back("backbone." + entry.name);
  for (const auto& entry : data_catalogue()) expected.push_back("data." + entry.name);
  std::vector<std::string> found;
  std::istringstream lines(run_ablate({"describe"}).out);
  for (std::string line; std::getline(lines, line);) found.push_back(line.substr(0, line.find(' ')));
  EXPECT_THAT(found, UnorderedElementsAreArray(expected));
}

/// Broken lines made whole again.
std::string in_one_line(const std::string& text) {
  std::istringstream words(text);
  std::string line;
  for (std::string word; words >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

TEST(Describe, SaysAllThatAnEntryDeclares) {
  const auto* entry = find_ingredient("mix", "mixup");
  ASSERT_TRUE(entry);
  const auto page = in_one_line(run_ablate({"describe", "mix.mixup"}).out);
  EXPECT_THAT(page, HasSubstr(entry->doc));
  EXPECT_THAT(page, HasSubstr(entry->source));
  EXPECT_THAT(page, HasSubstr("formula: " + entry->formula));
  EXPECT_THAT(page, HasSubstr("with others: " + entry->interactions));
  EXPECT_THAT(page, HasSubstr("neutral"));
  for (const auto& param : entry->params) {
    EXPECT_THAT(page, HasSubstr(" " + param.name + ": " + describe_values(param)));
    EXPECT_THAT(page, HasSubstr(in_one_line(param.doc)));
    EXPECT_THAT(page, HasSubstr(param.source));
  }
  for (const auto& counter : entry->counters) EXPECT_THAT(page, HasSubstr(counter));
}

TEST(Describe, BreaksLongTextIntoLinesOfAScreen) {
  const auto page = run_ablate({"describe", "distill.crd"}).out;
  const auto from = page.find("formula:"), to = page.find("neutral, the same as off");
  ASSERT_LT(from, to);
  std::istringstream lines(page.substr(from, to - from));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(Describe, TakesAShortNameThatIsClear) {
  EXPECT_EQ(run_ablate({"describe", "mixup"}).out, run_ablate({"describe", "mix.mixup"}).out);
}

TEST(Describe, SuggestsTheNameThatWasMeant) {
  const auto end = run_ablate({"describe", "mix.mixupp"});
  EXPECT_EQ(end.status, 2);
  EXPECT_THAT(end.err, HasSubstr("did you mean 'mix.mixup'?"));
}

TEST(Describe, PrintsTheReferenceThatLiesInDocs) {
  const auto page = run_ablate({"describe", "--markdown"}).out;
  EXPECT_EQ(read_file(std::filesystem::path(ABLATE_TEST_ROOT) / "docs/reference.md"), page)
      << "make it anew: build/ablate describe --markdown > docs/reference.md";
  for (const auto& entry : ingredient_catalogue()) EXPECT_THAT(page, HasSubstr("### " + entry.name + "\n"));
}

TEST(Describe, PrintsSchemas) {
  const auto sweep = nlohmann::json::parse(run_ablate({"describe", "--schema"}).out);
  EXPECT_EQ(sweep.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
  const auto one = nlohmann::json::parse(run_ablate({"describe", "mix.mixup", "--schema"}).out);
  EXPECT_TRUE(one.at("properties").contains("alpha"));
}

}  // namespace
}  // namespace ablate::testing_support
