#include <gtest/gtest.h>

#include <fstream>

#include "harness/core/journal.h"
#include "tests/train/support.h"

namespace ablate::test {
namespace {

namespace fs = std::filesystem;

/// What a checkpoint must carry: momentum, an average, mixing counters, branches, and a best epoch.
nlohmann::json rich_recipe(const Workshop& shop) {
  auto recipe = shop.recipe();
  recipe["mix"] = {{"mixup", {{"alpha", 0.5}}}};
  recipe["schedule"] = {{"cosine", {{"warmup_epochs", 1}}}};
  recipe["reparam"] = {{"branches", {{"roles", {"dense"}}, {"convolutions", 2}}}};
  return recipe;
}

const nlohmann::json kAverage{{"ema", {{"decay", 0.9}}}};

void flip_a_byte(const fs::path& path) {
  auto content = read_file(path);
  content[content.size() / 2] = char(content[content.size() / 2] ^ 1);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

TEST(Exactness, TheSameSeedGivesTheSameBits) {
  const Workshop shop;
  const auto request = shop.request(rich_recipe(shop), kAverage);
  train_in(shop.folder("a"), request);
  train_in(shop.folder("b"), request);
  EXPECT_EQ(facts_that_repeat(shop.folder("a")), facts_that_repeat(shop.folder("b")));
}

TEST(Exactness, LoaderThreadsChangeNothing) {
  const Workshop shop;
  auto request = shop.request(shop.recipe());
  train_in(shop.folder("1"), request);
  for (const int threads : {0, 4}) {
    request.loader_threads = threads;
    const auto folder = shop.folder(std::to_string(threads));
    train_in(folder, request);
    EXPECT_EQ(facts_that_repeat(shop.folder("1")), facts_that_repeat(folder)) << threads;
  }
}

TEST(Exactness, ResumingAtAnyStepGivesTheBitsOfAnUndisturbedRun) {
  const Workshop shop;
  auto request = shop.request(rich_recipe(shop), kAverage);
  shop.add_run(request, nullptr);
  train_in(shop.folder("whole"), request);
  const std::vector<std::vector<int>> interruptions{{1}, {4}, {6}, {3, 2}, {1, 3, 1}};
  for (const auto& steps : interruptions) {
    const auto folder = shop.folder(testing::PrintToString(steps));
    EXPECT_EQ(train_interrupted(folder, request, steps).state, Outcome::State::Done);
    EXPECT_EQ(facts_that_repeat(shop.folder("whole")), facts_that_repeat(folder))
        << testing::PrintToString(steps);
    EXPECT_EQ(lines_of(folder, "begin").size(), steps.size() + 1);
  }
}

TEST(Exactness, AMissingEpochLineIsWrittenAgainFromTheCheckpoint) {
  const Workshop shop;
  auto request = shop.request(shop.recipe());
  const auto folder = shop.folder("killed");
  request.stop_after_steps = 5;
  train_in(folder, request);
  const auto line = lines_of(folder, "epoch").at(0);
  std::string journal;
  for (const auto& other : read_journal(folder / "journal.jsonl"))
    if (other.at("type") == "begin" || other.at("type") == "facts") journal += other.dump() + "\n";
  write_file(folder / "journal.jsonl", journal);

  request.stop_after_steps = 0;
  train_in(folder, request);
  EXPECT_EQ(lines_of(folder, "epoch").at(0), line);
  EXPECT_EQ(lines_of(folder, "epoch").size(), 2u);
}

TEST(Exactness, ADamagedCheckpointIsSetAsideForThePreviousOne) {
  const Workshop shop;
  auto request = shop.request(shop.recipe(), kAverage);
  train_in(shop.folder("whole"), request);
  const auto folder = shop.folder("damaged");
  request.stop_after_steps = 6;
  train_in(folder, request);
  flip_a_byte(folder / "checkpoint.safetensors");

  request.stop_after_steps = 0;
  EXPECT_EQ(train_in(folder, request).state, Outcome::State::Done);
  EXPECT_EQ(facts_that_repeat(shop.folder("whole")), facts_that_repeat(folder));
  EXPECT_EQ(lines_of(folder, "begin").back().at("resumed_at"), (nlohmann::json{{"epoch", 1}, {"step", 0}}));
  EXPECT_NE(log_of(folder).find("checkpoint.safetensors cannot be used"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder / "aside-checkpoint.safetensors"));
}

TEST(Exactness, ACrashBetweenTwoCheckpointsLeavesThePreviousOne) {
  const Workshop shop;
  auto request = shop.request(shop.recipe());
  train_in(shop.folder("whole"), request);
  const auto folder = shop.folder("crashed");
  request.stop_after_steps = 6;
  train_in(folder, request);
  fs::remove(folder / "checkpoint.safetensors");

  request.stop_after_steps = 0;
  train_in(folder, request);
  EXPECT_EQ(facts_that_repeat(shop.folder("whole")), facts_that_repeat(folder));
  EXPECT_EQ(lines_of(folder, "begin").back().at("resumed_at").at("epoch"), 1);
}

TEST(Exactness, WithoutAUsableCheckpointTrainingStartsAnew) {
  const Workshop shop;
  auto request = shop.request(shop.recipe());
  train_in(shop.folder("whole"), request);
  const auto folder = shop.folder("damaged");
  request.stop_after_steps = 2;
  train_in(folder, request);
  fs::resize_file(folder / "checkpoint.safetensors", fs::file_size(folder / "checkpoint.safetensors") / 2);

  request.stop_after_steps = 0;
  EXPECT_EQ(train_in(folder, request).state, Outcome::State::Done);
  EXPECT_EQ(facts_that_repeat(shop.folder("whole")), facts_that_repeat(folder));
  EXPECT_TRUE(lines_of(folder, "begin").back().at("resumed_at").is_null());
}

}  // namespace
}  // namespace ablate::test
