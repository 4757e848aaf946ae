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

TEST(Describe, SaysAllThatAnEntryDeclares) {
  const auto* entry = find_ingredient("mix", "mixup");
  ASSERT_TRUE(entry);
  const auto page = run_ablate({"describe", "mix.mixup"}).out;
  EXPECT_THAT(page, HasSubstr(entry->doc));
  EXPECT_THAT(page, HasSubstr(entry->source));
  EXPECT_THAT(page, HasSubstr("neutral"));
  for (const auto& param : entry->params) {
    EXPECT_THAT(page, HasSubstr("  " + param.name + ": " + describe_values(param)));
    EXPECT_THAT(page, HasSubstr(param.doc));
  }
  for (const auto& counter : entry->counters) EXPECT_THAT(page, HasSubstr(counter));
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
