#include "harness/data/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <numeric>
#include <set>
#include <thread>

#include "harness/core/journal.h"
#include "harness/core/random.h"
#include "harness/data/image_operations.h"
#include "tests/data/support.h"

namespace ablate::test {
namespace {

using Order = std::vector<std::uint32_t>;

/// A pack of 110 drawn pictures of 16 x 16.
class LoaderTest : public testing::Test {
 protected:
  LoaderTest() {
    file_ = pack_set("synthetic", {{"train", 100}, {"test", 10}}, folder_.path()).file;
    data_ = PackedData::open(file_);
  }

  static void crop_and_flip(Image& image, const SampleAt& at) {
    static const Stream crop(1, "crop"), flip(1, "flip");
    auto draw = crop.at(at.epoch, at.draw_index());
    const int top = int(draw.below(5)), left = int(draw.below(5));
    pad_crop(image, 2, top, left);
    if (flip.at(at.epoch, at.draw_index()).chance(0.5)) flip_horizontal(image);
  }

  std::vector<ByteBatch> load(const Order& order, const LoaderSettings& settings, std::size_t first = 0,
                              const ImageTransform& transform = crop_and_flip) {
    Loader loader(*data_, order, transform, 3, settings, first);
    std::vector<ByteBatch> batches(1);
    while (loader.next(batches.back())) batches.emplace_back();
    batches.pop_back();
    return batches;
  }

  static Order up_to(std::uint32_t n) {
    Order order(n);
    std::iota(order.begin(), order.end(), 0);
    return order;
  }

  TemporaryFolder folder_;
  std::filesystem::path file_;
  std::unique_ptr<PackedData> data_;
};

void expect_equal(const std::vector<ByteBatch>& a, const std::vector<ByteBatch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].ids, b[i].ids);
    EXPECT_EQ(a[i].labels, b[i].labels);
    EXPECT_EQ(a[i].pixels, b[i].pixels) << "batch " << i;
  }
}

const LoaderSettings kSmall{.batch = 16, .size = 16, .threads = 0};

LoaderSettings with_threads(LoaderSettings settings, int threads, int prefetch = 4) {
  settings.threads = threads;
  settings.prefetch = prefetch;
  return settings;
}

TEST_F(LoaderTest, HandsOutTheOrderItWasGiven) {
  const Order order = Stream(1, "order").permutation(0, 100);
  const auto batches = load(order, kSmall, 0, nullptr);
  ASSERT_EQ(batches.size(), 7u);
  EXPECT_EQ(batches.back().count, 4);
  std::size_t n = 0;
  for (const auto& batch : batches)
    for (int i = 0; i < batch.count; ++i, ++n) {
      EXPECT_EQ(batch.ids[i], order[n]);
      EXPECT_EQ(batch.labels[i], data_->label(order[n]));
      const auto pixels = data_->image(order[n]).pixels;
      EXPECT_TRUE(std::equal(pixels.begin(), pixels.end(), batch.pixels.begin() + i * long(pixels.size())));
    }
  EXPECT_EQ(n, order.size());
}

TEST_F(LoaderTest, GivesTheSameBytesForAnyNumberOfThreads) {
  const auto alone = load(up_to(100), kSmall);
  for (const int threads : {1, 2, 8})
    for (const int prefetch : {0, 1, 4, 100})
      expect_equal(load(up_to(100), with_threads(kSmall, threads, prefetch)), alone);
}

TEST_F(LoaderTest, StartsAtAnyBatchWithoutReplay) {
  auto all = load(up_to(100), kSmall);
  for (const std::size_t first : {1, 5, 6, 7}) {
    const std::vector<ByteBatch> rest(all.begin() + long(first), all.end());
    expect_equal(load(up_to(100), kSmall, first), rest);
    expect_equal(load(up_to(100), with_threads(kSmall, 2), first), rest);
  }
}

TEST_F(LoaderTest, LeavesOutTheLastSmallBatchIfAskedTo) {
  auto settings = kSmall;
  settings.drop_last = true;
  EXPECT_EQ(load(up_to(100), settings).size(), 6u);
  EXPECT_EQ(load(up_to(96), settings).size(), 6u);
  EXPECT_EQ(load(up_to(15), settings).size(), 0u);
  EXPECT_EQ(load({}, with_threads(kSmall, 2)).size(), 0u);
}

TEST_F(LoaderTest, DrawsAnewForEveryViewAndRepeat) {
  auto settings = kSmall;
  settings.views = 2;
  settings.batch = 3;
  std::vector<SampleAt> seen;
  load({7, 7, 9, 7}, settings, 0, [&](Image&, const SampleAt& at) { seen.push_back(at); });
  std::set<std::uint64_t> draws;
  for (const auto& at : seen) {
    EXPECT_EQ(at.epoch, 3u);
    draws.insert(at.draw_index());
  }
  EXPECT_EQ(draws.size(), 8u);
  EXPECT_EQ(seen.back().repeat, 2u);
  EXPECT_EQ(seen.back().view, 1u);
}

TEST_F(LoaderTest, PutsViewsBehindOneAnother) {
  auto settings = kSmall;
  settings.views = 2;
  const auto paint = [](Image& image, const SampleAt& at) {
    std::fill(image.pixels.begin(), image.pixels.end(), std::uint8_t(100 * at.view + at.id));
  };
  const auto batch = load({4, 5}, settings, 0, paint).at(0);
  const std::size_t bytes = 3 * 16 * 16;
  ASSERT_EQ(batch.pixels.size(), 4 * bytes);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(batch.pixels[i * bytes], (std::array{4, 5, 104, 105}[i]));
}

TEST_F(LoaderTest, MakesImagesOfTheSizeAskedFor) {
  auto settings = kSmall;
  settings.size = 12;
  const auto batch = load({0}, settings, 0, nullptr).at(0);
  Image expected = data_->image(0);
  fit(expected, 12, 1.0);
  EXPECT_EQ(batch.pixels, expected.pixels);
}

TEST_F(LoaderTest, HandsWholeImagesToATransformThatWantsThem) {
  auto settings = kSmall;
  settings.size = 12;
  for (const bool whole : {false, true}) {
    settings.whole = whole;
    int width = 0;
    const auto batch =
        load({0}, settings, 0, [&](Image& image, const SampleAt&) { width = image.width; }).at(0);
    EXPECT_EQ(width, whole ? 16 : 12);
    EXPECT_EQ(batch.width, 12);
    EXPECT_EQ(batch.pixels.size(), 3u * 12 * 12);
  }
}

TEST_F(LoaderTest, RunsAheadOnlySoFar) {
  std::atomic<int> made = 0;
  auto settings = with_threads(kSmall, 4, 2);
  settings.batch = 1;
  Loader loader(
      *data_, up_to(100), [&](Image&, const SampleAt&) { ++made; }, 0, settings);
  ByteBatch batch;
  loader.next(batch);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_LE(made, 3);
}

TEST_F(LoaderTest, CarriesErrorsToTheBatchTheyBelongTo) {
  std::string bytes = read_file(file_);
  const std::string pixels(reinterpret_cast<const char*>(data_->image(20).pixels.data()), 16);
  bytes[bytes.find(pixels)] ^= 1;
  write_test_file(folder_.path() / "damaged.pack", bytes);
  const auto damaged = PackedData::open(folder_.path() / "damaged.pack");
  for (const int threads : {0, 1, 8}) {
    Loader loader(*damaged, up_to(100), nullptr, 0, with_threads(kSmall, threads));
    ByteBatch batch;
    EXPECT_TRUE(loader.next(batch));
    EXPECT_THAT(error_of([&] { loader.next(batch); }), testing::HasSubstr("train#20"));
  }
}

TEST_F(LoaderTest, CanBeLeftAtAnyMoment) {
  for (int taken = 0; taken < 4; ++taken) {
    Loader loader(*data_, up_to(100), crop_and_flip, 0, with_threads(kSmall, 8, 3));
    ByteBatch batch;
    for (int i = 0; i < taken; ++i) EXPECT_TRUE(loader.next(batch));
  }
}

}  // namespace
}  // namespace ablate::test
