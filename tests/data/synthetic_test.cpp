#include <gtest/gtest.h>

#include <map>
#include <set>

#include "harness/core/canonical.h"
#include "tests/data/support.h"

namespace ablate::test {
namespace {

using Json = nlohmann::json;

std::vector<StoredImage> drawn(const Json& settings) {
  const auto set = find_data("synthetic")->open(settings);
  std::vector<StoredImage> images;
  for (std::size_t i = 0; i < set->size(); ++i) images.push_back(set->read(i));
  return images;
}

Json few(Json more = Json::object()) {
  more["train"] = 60;
  more["test"] = 30;
  return more;
}

TEST(Synthetic, DrawsEqualNumbersOfEveryClass) {
  std::map<std::pair<Split, int>, int> counts;
  for (const auto& image : drawn(few())) ++counts[{image.split, image.label}];
  ASSERT_EQ(counts.size(), 20u);
  for (const auto& [part, count] : counts) EXPECT_EQ(count, part.first == Split::Train ? 6 : 3);
}

TEST(Synthetic, NoTwoPicturesAreAlike) {
  std::set<std::string> digests;
  for (const auto& image : drawn(few())) digests.insert(sha256(image.bytes));
  EXPECT_EQ(digests.size(), 90u);
}

TEST(Synthetic, DependsOnItsSeedAndOnNothingElse) {
  const auto first = drawn(few()), again = drawn(few()), other = drawn(few({{"seed", 2}}));
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].bytes, again[i].bytes);
    EXPECT_NE(first[i].bytes, other[i].bytes);
  }
}

TEST(Synthetic, MoreImagesLeaveTheFirstOnesAsTheyWere) {
  const auto small = drawn({{"train", 10}, {"test", 5}}), large = drawn({{"train", 20}, {"test", 5}});
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(small[i].bytes, large[i].bytes);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(small[10 + i].bytes, large[20 + i].bytes);
}

TEST(Synthetic, DrawsAtEverySizeAndForEveryClass) {
  for (const int size : {8, 16, 33}) {
    const auto images = drawn({{"size", size}, {"train", 40}, {"test", 1}, {"classes", 40}});
    for (const auto& image : images) EXPECT_EQ(image.bytes.size(), 3u * size * size);
  }
  const auto names = find_data("synthetic")->open({{"classes", 40}})->classes();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 40u);
}

TEST(Synthetic, WithoutDifficultyAPictureIsItsShapeOnAGradient) {
  // A disc in the middle: the corners show the background, the centre the disc, and nothing is noisy.
  const auto disc = drawn({{"difficulty", 0.0}, {"size", 64}, {"train", 1}, {"test", 1}, {"classes", 2}})[0];
  const auto at = [&](int y, int x) { return std::uint8_t(disc.bytes[3 * (64 * y + x)]); };
  EXPECT_GE(std::abs(at(32, 32) - at(0, 0)), 20);
  EXPECT_EQ(at(32, 32), at(34, 30));
  EXPECT_NEAR(at(0, 0), at(0, 1), 2);
}

}  // namespace
}  // namespace ablate::test
