#include "harness/train/teacher_cache.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <thread>

#include <ATen/ATen.h>

namespace ablate::training {
namespace {

class TeacherCacheTest : public testing::Test {
 protected:
  TeacherCacheTest() {
    auto name = (std::filesystem::temp_directory_path() / "ablate-cache-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~TeacherCacheTest() override { std::filesystem::remove_all(root_); }

  /// Record `step` of epoch 0, which holds its number; counts how often it was computed.
  at::Tensor get(int step) {
    const TeacherCache cache(root_ / "key");
    return cache.get({0, step, 6}, {2, 3}, [&] {
      ++computed_;
      return at::full({2, 3}, step, at::kFloat);
    });
  }
  void expect(int step) { EXPECT_TRUE(at::equal(get(step), at::full({2, 3}, step, at::kFloat))) << step; }
  std::filesystem::path file() const { return root_ / "key" / "epoch-1.f32"; }

  std::filesystem::path root_;
  std::atomic<int> computed_ = 0;
};

TEST_F(TeacherCacheTest, ComputesARecordOnce) {
  for (int round = 0; round < 2; ++round)
    for (int step = 0; step < 3; ++step) expect(step);
  EXPECT_EQ(computed_, 3);
  EXPECT_EQ(std::filesystem::file_size(file()), 3u * 6 * sizeof(float));
}

TEST_F(TeacherCacheTest, MendsATornRecord) {
  expect(0);
  expect(1);
  std::filesystem::resize_file(file(), 6 * sizeof(float) + 5);
  expect(0);
  expect(1);
  expect(2);
  EXPECT_EQ(computed_, 4);
  EXPECT_EQ(std::filesystem::file_size(file()), 3u * 6 * sizeof(float));
}

TEST_F(TeacherCacheTest, LeavesNoHoleWhereEarlierRecordsWereEvicted) {
  expect(0);
  std::filesystem::remove_all(root_ / "key");
  expect(1);
  EXPECT_EQ(std::filesystem::file_size(file()), 0u);
  expect(0);
  expect(1);
  expect(1);
  EXPECT_EQ(computed_, 4);
}

TEST_F(TeacherCacheTest, DoesWithoutAFolderItCannotWrite) {
  std::ofstream(root_ / "key") << "a file stands where the folder should be";
  expect(0);
  expect(0);
  EXPECT_EQ(computed_, 2);
}

TEST_F(TeacherCacheTest, OneOfManyProducesWhatAllRead) {
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i)
    readers.emplace_back([&] {
      for (int step = 0; step < 20; ++step) expect(step);
    });
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(computed_, 20);
}

}  // namespace
}  // namespace ablate::training
