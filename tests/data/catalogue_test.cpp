#include "harness/data/catalogue.h"

#include <gtest/gtest.h>

#include "tests/data/support.h"

namespace ablate::test {
namespace {

using Json = nlohmann::json;

Json resolved(const DataEntry& entry, const Json& given) {
  Problems problems;
  Json settings = resolve(entry.params, to_tree(given, {}), "data." + entry.name, problems);
  EXPECT_TRUE(problems.ok()) << problems.text();
  return settings;
}

TEST(DataCatalogue, NamesAreUniqueAndFound) {
  for (const auto& entry : data_catalogue()) EXPECT_EQ(find_data(entry.name), &entry);
  EXPECT_EQ(find_data("cifar11"), nullptr);
}

TEST(DataCatalogue, EveryParameterIsDocumented) {
  for (const auto& entry : data_catalogue()) {
    EXPECT_FALSE(entry.doc.empty() || entry.source.empty()) << entry.name;
    for (const auto& param : entry.params) EXPECT_FALSE(param.doc.empty()) << entry.name << "." << param.name;
  }
}

TEST(DataCatalogue, DefaultsAreWithinTheirOwnRanges) {
  for (const auto& entry : data_catalogue()) {
    Json given = Json::object();
    for (const auto& param : entry.params) given[param.name] = param.required ? Json("x") : param.fallback;
    EXPECT_EQ(resolved(entry, given), given);
  }
}

TEST(DataCatalogue, AnEntrysOwnDefaultsHoldWhereSettingsAreSilent) {
  const auto cifar10 = find_data("cifar10")->options({{"fingerprint", "of a spec"}});
  EXPECT_EQ(cifar10.size, 32);
  EXPECT_EQ(cifar10.mean, (std::vector{0.4914, 0.4822, 0.4465}));
  EXPECT_EQ(cifar10.std, (std::vector{0.2471, 0.2435, 0.2616}));
  const auto cifar100 = find_data("cifar100")->options(Json::object());
  EXPECT_EQ(cifar100.mean, (std::vector{0.5071, 0.4865, 0.4409}));
  EXPECT_EQ(cifar100.std, (std::vector{0.2673, 0.2564, 0.2762}));
  const auto folder = find_data("folder")->options({{"size", 96}});
  EXPECT_EQ(folder.size, 96);
  EXPECT_EQ(folder.mean, (std::vector{0.485, 0.456, 0.406}));
  EXPECT_EQ(folder.crop, 0.875);
  EXPECT_EQ(find_data("synthetic")->options(Json::object()).size, 16);
}

TEST(DataCatalogue, KeysHoldWhatChangesPixelsOrPartsOnly) {
  const auto& entry = *find_data("folder");
  const Json settings =
      resolved(entry, {{"path", "/somewhere"}, {"unreadable", "skip"}, {"validation", 5}, {"size", 64}});
  EXPECT_EQ(hashed_settings(entry.params, settings), (Json{{"validation", 5}, {"size", 64}}));
  EXPECT_EQ(hashed_settings(entry.params, resolved(entry, {{"path", "/elsewhere"}})), Json::object());
}

TEST(DataCatalogue, PathsAreRequiredWhereThereAreFiles) {
  for (const std::string name : {"cifar10", "cifar100", "folder", "synthetic"}) {
    Problems problems;
    resolve(find_data(name)->params, to_tree(Json::object(), {}), name, problems);
    EXPECT_EQ(problems.ok(), name == "synthetic") << name;
  }
}

TEST(DataCatalogue, SaysHowManyClassesThereAreWithoutLooking) {
  EXPECT_EQ(find_data("cifar10")->facts(Json::object()).classes, 10);
  EXPECT_EQ(find_data("cifar100")->facts(Json::object()).classes, 100);
  EXPECT_EQ(find_data("cifar100")->facts({{"label", "coarse"}}).classes, 20);
  EXPECT_EQ(find_data("synthetic")->facts({{"classes", 7}}).classes, 7);
  EXPECT_EQ(find_data("folder")->facts(Json::object()).classes, std::nullopt);
}

}  // namespace
}  // namespace ablate::test
