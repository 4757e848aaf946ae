#include "harness/train/cache_budget.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <fstream>

namespace ablate::training {
namespace {

namespace fs = std::filesystem;

class CacheBudgetTest : public testing::Test {
 protected:
  CacheBudgetTest() {
    auto name = (fs::temp_directory_path() / "ablate-budget-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~CacheBudgetTest() override { fs::remove_all(root_); }

  /// An entry of 100 bytes that was asked for so many hours ago.
  void entry(const std::string& name, int hours, const std::string& file = "epoch-1.f32") const {
    fs::create_directories(root_ / name);
    std::ofstream(root_ / name / file) << std::string(100, 'x');
    fs::last_write_time(root_ / name, fs::file_time_type::clock::now() - std::chrono::hours(hours));
  }
  bool there(const std::string& name) const { return fs::exists(root_ / name); }

  fs::path root_;
};

TEST_F(CacheBudgetTest, WhatWasNotAskedForLongestGoesFirst) {
  entry("old", 3);
  entry("older", 5);
  entry("young", 1);
  EXPECT_TRUE(make_room(root_, "new", 100, 300));
  EXPECT_FALSE(there("older"));
  EXPECT_TRUE(there("old") && there("young"));
}

TEST_F(CacheBudgetTest, NothingGoesWhereThereIsRoom) {
  entry("old", 3);
  EXPECT_TRUE(make_room(root_, "new", 100, 200));
  EXPECT_TRUE(there("old"));
}

TEST_F(CacheBudgetTest, AnEntryThatIsAskedForAgainIsYoungAndCountsOnce) {
  entry("mine", 9);
  entry("other", 5);
  EXPECT_TRUE(make_room(root_, "mine", 150, 250));
  EXPECT_TRUE(there("mine") && there("other"));
  EXPECT_TRUE(make_room(root_, "new", 100, 200));
  EXPECT_FALSE(there("other"));
  EXPECT_TRUE(there("mine"));
}

TEST_F(CacheBudgetTest, WhatCanNeverFitRemovesNothing) {
  entry("old", 3);
  EXPECT_FALSE(make_room(root_, "new", 400, 300));
  EXPECT_TRUE(there("old"));
}

TEST_F(CacheBudgetTest, StoredViewsCountAndStay) {
  entry("views", 9, "view-0.safetensors");
  entry("old", 3);
  EXPECT_TRUE(make_room(root_, "new", 100, 200));
  EXPECT_TRUE(there("views"));
  EXPECT_FALSE(there("old"));
  EXPECT_FALSE(make_room(root_, "new", 150, 200));
}

}  // namespace
}  // namespace ablate::training
