#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "harness/data/loader.h"
#include "tests/data/support.h"

namespace ablate::test {
namespace {

namespace fs = std::filesystem;

TEST(RealData, Cifar10MiniThroughFolder) {
  const TemporaryFolder one, two;
  if (!unpack("cifar10-mini.tar", one.path()) || !unpack("cifar10-mini.tar", two.path())) GTEST_SKIP();
  const auto first = pack_set("folder", folder_at(one.path() / "cifar10-mini"), one.path() / "store");
  EXPECT_EQ(first.train, 500u);
  EXPECT_EQ(first.test, 200u);
  EXPECT_EQ(first.skipped, 0u);
  EXPECT_THAT(first.classes, testing::ElementsAre("airplane", "automobile", "bird", "cat", "deer", "dog",
                                                  "frog", "horse", "ship", "truck"));
  const auto second = pack_set("folder", folder_at(two.path() / "cifar10-mini"), two.path() / "store");
  EXPECT_EQ(first.fingerprint, second.fingerprint);
  EXPECT_EQ(read_file(first.file), read_file(second.file));
}

TEST(RealData, JpegsDecodeToThePixelsOfTheTinyCifarFiles) {
  const TemporaryFolder folder;
  if (!unpack("cifar10-mini.tar", folder.path())) GTEST_SKIP();
  std::ifstream records(data_file("cifar-10-batches-bin-tiny/records.tsv"));
  int compared = 0;
  for (std::string line; std::getline(records, line);) {
    std::istringstream cells(line);
    std::string file, record, label, name, jpeg, digest;
    cells >> file >> record >> label >> name >> jpeg >> digest;
    if (!fs::exists(folder.path() / "cifar10-mini" / jpeg)) continue;
    const Image image = decode_image(read_file(folder.path() / "cifar10-mini" / jpeg));
    std::string planes;
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t i = c; i < image.pixels.size(); i += 3) planes += char(image.pixels[i]);
    EXPECT_EQ(sha256(planes), digest) << jpeg;
    ++compared;
  }
  EXPECT_GT(compared, 50);
}

TEST(RealData, PhotosAreFittedToTheSizeOfTheNetwork) {
  const TemporaryFolder folder;
  if (!unpack("photos-mini.tar", folder.path())) GTEST_SKIP();
  auto settings = folder_at(folder.path() / "photos-mini");
  settings["size"] = 64;
  const auto result = pack_set("folder", settings, folder.path());
  EXPECT_EQ(result.train, 192u);
  EXPECT_EQ(result.test, 48u);
  EXPECT_THAT(result.classes,
              testing::ElementsAre("cardboard", "glass", "metal", "paper", "plastic", "trash"));
  const auto data = PackedData::open(result.file);
  const auto parts = parts_of(*data, find_data("folder")->options(settings));
  Loader loader(*data, {parts.test.begin(), parts.test.begin() + 8}, nullptr, 0,
                {.batch = 8, .size = 64, .crop = 0.875, .threads = 2});
  ByteBatch batch;
  ASSERT_TRUE(loader.next(batch));
  EXPECT_EQ(batch.pixels.size(), 8u * 64 * 64 * 3);
}

}  // namespace
}  // namespace ablate::test
