#include "harness/data/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "harness/core/journal.h"
#include "tests/data/support.h"

namespace ablate::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

const DataEntry& folder_entry() {
  return *find_data("folder");
}

std::string fingerprint_of(const fs::path& root, const fs::path& store) {
  return pack(folder_entry(), folder_at(root), store).fingerprint;
}

/// Two classes, three images each in both splits, beside an empty store.
class Pack : public testing::Test {
 protected:
  Pack() { make_image_folder(root_, 3); }
  PackResult packed() { return pack(folder_entry(), folder_at(root_), store_); }

  TemporaryFolder folder_;
  fs::path root_ = folder_.path() / "set", store_ = folder_.path() / "store";
};

TEST_F(Pack, HoldsWhatTheSourceHolds) {
  const auto result = packed();
  EXPECT_EQ(result.train, 6u);
  EXPECT_EQ(result.test, 6u);
  const auto data = PackedData::open(result.file);
  EXPECT_EQ(data->fingerprint(), result.fingerprint);
  EXPECT_THAT(data->classes(), testing::ElementsAre("apple", "pear"));
  const auto source = folder_entry().open(folder_at(root_));
  ASSERT_EQ(data->size(), source->size());
  for (std::size_t i = 0; i < data->size(); ++i) {
    const auto stored = source->read(i);
    EXPECT_EQ(data->path(i), stored.path);
    EXPECT_EQ(data->label(i), stored.label);
    EXPECT_EQ(data->split(i), stored.split);
    EXPECT_EQ(data->image(i).pixels, decode_image(stored.bytes).pixels);
  }
}

TEST_F(Pack, KeepsLargeImagesEncoded) {
  const std::string large = plain_png(65, 300, 1, 2, 3);
  write_test_file(root_ / "train/apple/large.png", large);
  const auto result = packed();
  EXPECT_THAT(read_file(result.file), HasSubstr(large));
  EXPECT_THAT(read_file(result.file), testing::Not(HasSubstr(read_file(root_ / "train/apple/000.png"))));
  const auto image = PackedData::open(result.file)->image(3);
  EXPECT_EQ(image.width, 300);
  EXPECT_EQ(image.pixels, decode_image(large).pixels);
}

TEST_F(Pack, FingerprintIsTheSameWhereverTheSetLies) {
  fs::copy(root_, folder_.path() / "elsewhere", fs::copy_options::recursive);
  EXPECT_EQ(packed().fingerprint,
            fingerprint_of(folder_.path() / "elsewhere", folder_.path() / "other-store"));
}

TEST_F(Pack, FingerprintNoticesContentPathSplitAndClass) {
  const auto before = packed().fingerprint;
  const auto changed = [&](const auto& change, const auto& undo) {
    change();
    const auto after = packed().fingerprint;
    undo();
    EXPECT_EQ(packed().fingerprint, before);
    return after != before;
  };
  const auto rename = [&](const std::string& from, const std::string& to) {
    return changed([&] { fs::rename(root_ / from, root_ / to); },
                   [&] { fs::rename(root_ / to, root_ / from); });
  };
  EXPECT_TRUE(rename("train/apple/000.png", "train/apple/zzz.png"));
  EXPECT_TRUE(rename("train/apple/000.png", "test/apple/zzz.png"));
  EXPECT_TRUE(rename("train/apple/000.png", "train/pear/zzz.png"));
  EXPECT_TRUE(changed([&] { write_test_file(root_ / "train/apple/000.png", plain_png(8, 8, 9, 9, 9)); },
                      [&] { write_test_file(root_ / "train/apple/000.png", plain_png(8, 8, 0, 10, 40)); }));
  EXPECT_TRUE(changed(
      [&] {
        for (const std::string split : {"train", "test"})
          fs::rename(root_ / split / "pear", root_ / split / "plum");
      },
      [&] {
        for (const std::string split : {"train", "test"})
          fs::rename(root_ / split / "plum", root_ / split / "pear");
      }));
}

TEST_F(Pack, AnUnchangedSetIsNotReadAgain) {
  EXPECT_EQ(known_fingerprint(folder_entry(), folder_at(root_), store_), "");
  const auto result = packed();
  int classes = 0;
  EXPECT_EQ(known_fingerprint(folder_entry(), folder_at(root_), store_, &classes), result.fingerprint);
  EXPECT_EQ(classes, 2);
  // The same name, size and time over other bytes: only reading could tell.
  const auto file = root_ / "train/apple/000.png";
  const auto time = fs::last_write_time(file);
  std::string bytes = read_file(file);
  bytes.back() ^= 1;
  write_test_file(file, bytes);
  fs::last_write_time(file, time);
  EXPECT_EQ(packed().fingerprint, result.fingerprint);
  fs::last_write_time(file, time + std::chrono::seconds(1));
  EXPECT_EQ(known_fingerprint(folder_entry(), folder_at(root_), store_), "");
}

TEST_F(Pack, ALostOrBrokenIndexOnlyCostsTime) {
  const auto result = packed();
  for (const std::string content : {"", "{\"x", "[]", "{\"a\": 1}"}) {
    write_test_file(store_ / "data/index.json", content);
    EXPECT_EQ(known_fingerprint(folder_entry(), folder_at(root_), store_), "");
    EXPECT_EQ(packed().fingerprint, result.fingerprint);
  }
}

TEST_F(Pack, NoticesDamageAnywhere) {
  const auto result = packed();
  const std::string whole = read_file(result.file);
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    std::string damaged = whole;
    damaged[at] ^= 16;
    write_test_file(result.file, damaged);
    const auto read_all = [&] {
      const auto data = PackedData::open(result.file);
      for (std::size_t i = 0; i < data->size(); ++i) data->image(i);
    };
    EXPECT_THAT(error_of(read_all), AllOf(HasSubstr(result.file.string()), HasSubstr("damaged pack"))) << at;
  }
}

TEST_F(Pack, NoticesTruncationAndReplacesTheFile) {
  const auto result = packed();
  const std::string whole = read_file(result.file);
  for (const std::size_t bytes : {std::size_t(0), std::size_t(20), whole.size() / 2, whole.size() - 1}) {
    write_test_file(result.file, whole.substr(0, bytes));
    EXPECT_THAT(error_of([&] { PackedData::open(result.file); }), HasSubstr("damaged pack"));
    EXPECT_EQ(packed().fingerprint, result.fingerprint);
    EXPECT_EQ(read_file(result.file), whole);
  }
}

TEST_F(Pack, RefusesUnreadableImagesByName) {
  for (const std::string name : {"text.jpg", "truncated.jpg", "zero-byte.jpg"})
    fs::copy_file(data_file("bad/" + name), root_ / "train/pear" / name);
  EXPECT_THAT(
      error_of([&] { packed(); }),
      AllOf(HasSubstr("3 images cannot be read"), HasSubstr("train/pear/text.jpg: neither a JPEG nor a PNG"),
            HasSubstr("train/pear/zero-byte.jpg: the file is empty"), HasSubstr("train/pear/truncated.jpg: "),
            HasSubstr("\"unreadable\": \"skip\"")));
  EXPECT_TRUE(fs::is_empty(store_ / "data") || !fs::exists(store_ / "data/index.json"));
}

TEST_F(Pack, SkipsAndCountsUnreadableImagesIfAskedTo) {
  const auto clean = packed().fingerprint;
  fs::copy_file(data_file("bad/text.jpg"), root_ / "train/pear/text.jpg");
  auto skip = folder_at(root_);
  skip["unreadable"] = "skip";
  const auto result = pack(folder_entry(), skip, store_);
  EXPECT_EQ(result.skipped, 1u);
  ASSERT_EQ(result.messages.size(), 1u);
  EXPECT_THAT(result.messages[0], HasSubstr("train/pear/text.jpg"));
  EXPECT_EQ(result.fingerprint, clean) << "what is left is the same set";
  EXPECT_NE(error_of([&] { packed(); }), "") << "what was skipped once is not silently skipped again";
  EXPECT_EQ(known_fingerprint(folder_entry(), folder_at(root_), store_), "");
}

TEST_F(Pack, RefusesASetWithoutAReadableTestImage) {
  for (const auto& entry : fs::recursive_directory_iterator(root_ / "test"))
    if (entry.is_regular_file()) write_test_file(entry.path(), "broken");
  auto skip = folder_at(root_);
  skip["unreadable"] = "skip";
  EXPECT_THAT(error_of([&] { pack(folder_entry(), skip, store_); }), HasSubstr("test split"));
}

TEST_F(Pack, LeavesNothingHalfWrittenAndRemovesWhatOthersLeft) {
  write_test_file(store_ / "data/4711.partial", "left by one that died");
  const auto result = packed();
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(store_ / "data")) names.push_back(entry.path().filename());
  EXPECT_THAT(names, testing::UnorderedElementsAre("lock", "index.json", result.fingerprint + ".pack"));
}

TEST_F(Pack, ManyAtOnceAgree) {
  std::vector<std::string> fingerprints(8);
  {
    std::vector<std::jthread> threads;
    for (auto& fingerprint : fingerprints) threads.emplace_back([&] { fingerprint = packed().fingerprint; });
  }
  for (const auto& fingerprint : fingerprints) EXPECT_EQ(fingerprint, packed().fingerprint);
}

TEST_F(Pack, ADrawnSetIsKnownWithoutAPack) {
  const nlohmann::json settings{{"train", 50}, {"test", 20}};
  const auto known = known_fingerprint(*find_data("synthetic"), settings, store_);
  EXPECT_FALSE(fs::exists(store_));
  EXPECT_EQ(pack_set("synthetic", settings, store_).fingerprint, known);
}

}  // namespace
}  // namespace ablate::test
