#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/data/support.h"

namespace ablate::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<DataSource> open_folder(const fs::path& root) {
  return find_data("folder")->open(folder_at(root));
}

std::string refusal(const fs::path& root) {
  return error_of([&] { open_folder(root); });
}

TEST(Folder, OrdersClassesAndImagesByBytes) {
  const TemporaryFolder folder;
  const std::string png = plain_png(8, 8, 1, 2, 3);
  for (const std::string split : {"train", "test"})
    for (const std::string name : {"b", "a", "Z"})
      write_test_file(folder.path() / split / name / "1.png", png);
  write_test_file(folder.path() / "train/a/sub/0.png", png);
  write_test_file(folder.path() / "train/a/10.PNG", png);
  write_test_file(folder.path() / "train/a/9.JpEg", png);
  write_test_file(folder.path() / "train/a/notes.txt", "no image");
  write_test_file(folder.path() / "train/LICENSE", "no class");
  const auto set = open_folder(folder.path());
  EXPECT_THAT(set->classes(), ElementsAre("Z", "a", "b"));
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < set->size(); ++i) paths.push_back(set->read(i).path);
  EXPECT_THAT(paths, ElementsAre("train/Z/1.png", "train/a/1.png", "train/a/10.PNG", "train/a/9.JpEg",
                                 "train/a/sub/0.png", "train/b/1.png", "test/Z/1.png", "test/a/1.png",
                                 "test/b/1.png"));
  EXPECT_EQ(set->read(4).label, 1);
  EXPECT_EQ(set->read(4).bytes, png);
  EXPECT_EQ(set->read(6).split, Split::Test);
}

TEST(Folder, TakesValWhereThereIsNoTest) {
  const TemporaryFolder folder;
  make_image_folder(folder.path(), 2);
  fs::rename(folder.path() / "test", folder.path() / "val");
  EXPECT_EQ(open_folder(folder.path())->read(7).path, "val/pear/001.png");
  fs::remove_all(folder.path() / "val");
  EXPECT_THAT(refusal(folder.path()), HasSubstr("no folder test (or val)"));
}

TEST(Folder, RefusesSplitsWhoseClassesDiffer) {
  const TemporaryFolder folder;
  make_image_folder(folder.path(), 1);
  write_test_file(folder.path() / "test/plum/1.png", plain_png(8, 8, 0, 0, 0));
  EXPECT_THAT(refusal(folder.path()), AllOf(HasSubstr("train: has no folder"), HasSubstr("plum")));
  fs::remove_all(folder.path() / "test/plum");
  fs::remove_all(folder.path() / "test/pear");
  EXPECT_THAT(refusal(folder.path()), AllOf(HasSubstr("test: has no folder"), HasSubstr("pear")));
}

TEST(Folder, RefusesAClassWithoutImages) {
  const TemporaryFolder folder;
  make_image_folder(folder.path(), 1);
  fs::rename(folder.path() / "train/pear/000.png", folder.path() / "train/pear/000.gif");
  EXPECT_THAT(refusal(folder.path()), AllOf(HasSubstr("train/pear"), HasSubstr("no image")));
}

TEST(Folder, RefusesWhatIsNoSuchFolder) {
  const TemporaryFolder folder;
  EXPECT_THAT(refusal(folder.path() / "nowhere"), HasSubstr("no such folder"));
  EXPECT_THAT(refusal(folder.path()), HasSubstr("no folder train"));
}

}  // namespace
}  // namespace ablate::test
