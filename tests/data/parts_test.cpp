#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/core/canonical.h"
#include "tests/data/support.h"

namespace ablate::test {
namespace {

using testing::HasSubstr;

/// A pack of paths and labels alone.
class FakePack final : public PackedData {
 public:
  /// Training images per class; one test image.
  explicit FakePack(const std::vector<int>& per_class) : names_(per_class.size(), "class") {
    for (int label = 0; label < int(per_class.size()); ++label)
      for (int i = 0; i < per_class[label]; ++i) add(label);
  }

  const std::string& fingerprint() const override { return paths_[0]; }
  const std::vector<std::string>& classes() const override { return names_; }
  std::size_t size() const override { return paths_.size() + 1; }
  Split split(std::size_t i) const override { return i < paths_.size() ? Split::Train : Split::Test; }
  int label(std::size_t i) const override { return i < labels_.size() ? labels_[i] : 0; }
  std::string_view path(std::size_t i) const override { return i < paths_.size() ? paths_[i] : "test"; }
  Image image(std::size_t) const override { return {}; }
  std::size_t skipped() const override { return 0; }
  const std::vector<std::string>& messages() const override { return names_; }

 private:
  void add(int label) {
    paths_.push_back(std::to_string(paths_.size()));
    labels_.push_back(label);
  }

  std::vector<std::string> names_, paths_;
  std::vector<int> labels_;
};

Parts parts(const FakePack& data, int validation, int subset) {
  DataOptions options;
  options.validation = validation;
  options.subset = subset;
  return parts_of(data, options);
}

std::map<int, int> per_class(const FakePack& data, const std::vector<std::uint32_t>& part) {
  std::map<int, int> counts;
  for (const auto i : part) ++counts[data.label(i)];
  return counts;
}

TEST(Parts, AreAllTrainingImagesUnlessSomethingIsAskedFor) {
  const FakePack data({3, 3});
  const auto all = parts(data, 0, 0);
  EXPECT_THAT(all.train, testing::ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(all.validation, testing::IsEmpty());
  EXPECT_THAT(all.test, testing::ElementsAre(6));
}

TEST(Parts, SplitTheTrainingImagesWithoutOverlapInPackOrder) {
  const FakePack data({20, 20, 20});
  const auto split = parts(data, 15, 0);
  EXPECT_EQ(split.validation.size(), 15u);
  EXPECT_EQ(split.train.size(), 45u);
  EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
  EXPECT_TRUE(std::is_sorted(split.validation.begin(), split.validation.end()));
  std::set<std::uint32_t> all(split.train.begin(), split.train.end());
  all.insert(split.validation.begin(), split.validation.end());
  EXPECT_EQ(all.size(), 60u);
}

TEST(Parts, HoldOutTheSmallestHashesOfEachClass) {
  const FakePack data({12, 9});
  const auto split = parts(data, 6, 0);
  for (int label = 0; label < 2; ++label) {
    std::string largest_held, smallest_kept = "g";
    for (const auto i : split.validation)
      if (data.label(i) == label) largest_held = std::max(largest_held, sha256(data.path(i)));
    for (const auto i : split.train)
      if (data.label(i) == label) smallest_kept = std::min(smallest_kept, sha256(data.path(i)));
    EXPECT_LT(largest_held, smallest_kept);
  }
}

TEST(Parts, ShareEquallyAsFarAsClassesGo) {
  const FakePack data({2, 10, 10});
  EXPECT_EQ(per_class(data, parts(data, 6, 0).validation), (std::map<int, int>{{0, 2}, {1, 2}, {2, 2}}));
  EXPECT_EQ(per_class(data, parts(data, 12, 0).validation), (std::map<int, int>{{0, 2}, {1, 5}, {2, 5}}));
  EXPECT_EQ(per_class(data, parts(data, 0, 4).train), (std::map<int, int>{{0, 2}, {1, 1}, {2, 1}}));
}

TEST(Parts, ALargerSubsetHoldsTheSmallerOne) {
  const FakePack data({30, 30});
  const auto small = parts(data, 10, 8).train, large = parts(data, 10, 20).train;
  EXPECT_TRUE(std::includes(large.begin(), large.end(), small.begin(), small.end()));
  EXPECT_EQ(parts(data, 10, 8).validation, parts(data, 10, 0).validation);
}

TEST(Parts, RefuseMoreImagesThanThereAre) {
  const FakePack data({5, 5});
  EXPECT_THAT(error_of([&] { parts(data, 10, 0); }), HasSubstr("validation"));
  EXPECT_THAT(error_of([&] { parts(data, 4, 7); }), HasSubstr("there are 6"));
  EXPECT_EQ(parts(data, 4, 6).train.size(), 6u);
}

}  // namespace
}  // namespace ablate::test
