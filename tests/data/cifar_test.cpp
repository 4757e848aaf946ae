#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "harness/core/canonical.h"
#include "tests/data/support.h"

namespace ablate::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

std::unique_ptr<DataSource> open_set(const std::string& name, const fs::path& path,
                                     const std::string& label = "fine") {
  return find_data(name)->open({{"path", path.string()}, {"label", label}});
}

/// The rows of a records.tsv without its heading.
std::vector<std::vector<std::string>> read_records(const fs::path& path) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream file(path);
  std::string line, cell;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    rows.emplace_back();
    while (std::getline(cells, cell, '\t')) rows.back().push_back(cell);
  }
  return rows;
}

/// SHA-256 of the pixels as the files have them: all red bytes, then green, then blue.
std::string plane_digest(const std::string& pixels) {
  std::string planes;
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t i = c; i < pixels.size(); i += 3) planes += pixels[i];
  return sha256(planes);
}

/// The tiny CIFAR-10 with one file put in the place of data_batch_1.bin.
void copy_with(const std::string& bad, const fs::path& to) {
  fs::copy(data_file("cifar-10-batches-bin-tiny"), to);
  fs::copy_file(data_file("bad/" + bad), to / "data_batch_1.bin", fs::copy_options::overwrite_existing);
}

TEST(Cifar10, HoldsTheRecordsOfItsFiles) {
  const auto root = data_file("cifar-10-batches-bin-tiny");
  const auto set = open_set("cifar10", root);
  const auto records = read_records(root / "records.tsv");
  const auto classes = set->classes();
  EXPECT_THAT(classes, testing::ElementsAre("airplane", "automobile", "bird", "cat", "deer", "dog", "frog",
                                            "horse", "ship", "truck"));
  ASSERT_EQ(set->size(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto& row = records[i];  // file, record, label, class, JPEG, digest
    const auto image = set->read(i);
    EXPECT_EQ(image.path, row[0] + "#" + row[1]);
    EXPECT_EQ(image.label, std::stoi(row[2]));
    EXPECT_EQ(classes[image.label], row[3]);
    EXPECT_EQ(plane_digest(image.bytes), row[5]);
    EXPECT_EQ(image.split, row[0] == "test_batch.bin" ? Split::Test : Split::Train);
  }
}

TEST(Cifar100, HoldsTheRecordsOfItsFilesUnderEitherLabel) {
  const auto root = data_file("cifar-100-binary-tiny");
  const auto records = read_records(root / "records.tsv");
  for (const std::string label : {"fine", "coarse"}) {
    const auto set = open_set("cifar100", root, label);
    const auto classes = set->classes();
    EXPECT_EQ(classes.size(), label == "fine" ? 100u : 20u);
    ASSERT_EQ(set->size(), records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      const auto& row = records[i];  // file, record, coarse, fine, their names, JPEG, digest
      const auto image = set->read(i);
      EXPECT_EQ(image.label, std::stoi(row[label == "fine" ? 3 : 2]));
      EXPECT_EQ(classes[image.label], row[label == "fine" ? 5 : 4]);
      EXPECT_EQ(plane_digest(image.bytes), row[7]);
    }
  }
}

TEST(Cifar10, IsFoundInTheArchivesOwnFolder) {
  const TemporaryFolder folder;
  fs::copy(data_file("cifar-10-batches-bin-tiny"), folder.path() / "cifar-10-batches-bin");
  EXPECT_EQ(open_set("cifar10", folder.path())->size(), 120u);
}

TEST(Cifar10, RefusesAFileThatEndsInTheMiddleOfARecord) {
  const TemporaryFolder folder;
  copy_with("cifar10-wrong-length.bin", folder.path() / "set");
  EXPECT_THAT(
      error_of([&] { open_set("cifar10", folder.path() / "set"); }),
      AllOf(HasSubstr("data_batch_1.bin"), HasSubstr("59387"), HasSubstr("19 records"), HasSubstr("1000")));
}

TEST(Cifar10, RefusesALabelThatIsNone) {
  const TemporaryFolder folder;
  copy_with("cifar10-label-10.bin", folder.path() / "set");
  const auto set = open_set("cifar10", folder.path() / "set");
  EXPECT_EQ(error_of([&] { set->read(6); }), "");
  EXPECT_THAT(error_of([&] { set->read(7); }), AllOf(HasSubstr("data_batch_1.bin"), HasSubstr("record 7"),
                                                     HasSubstr("byte 21511"), HasSubstr("label 10")));
  EXPECT_THAT(error_of([&] {
                pack_set("cifar10", {{"path", (folder.path() / "set").string()}}, folder.path() / "store");
              }),
              HasSubstr("record 7"));
}

TEST(Cifar10, SaysWhatIsMissing) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { open_set("cifar10", folder.path() / "nowhere"); }), HasSubstr("no such folder"));
  EXPECT_THAT(error_of([&] { open_set("cifar10", folder.path()); }), HasSubstr("holds no test_batch.bin"));
  fs::copy(data_file("cifar-10-batches-bin-tiny"), folder.path() / "set");
  fs::remove(folder.path() / "set/data_batch_3.bin");
  EXPECT_THAT(error_of([&] { open_set("cifar10", folder.path() / "set"); }), HasSubstr("data_batch_3.bin"));
}

}  // namespace
}  // namespace ablate::test
