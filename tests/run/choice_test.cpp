#include <gmock/gmock.h>

#include "tests/run/sweeps.h"

namespace ablate::testing_support {
namespace {

using testing::HasSubstr;

std::string sweep_named(const std::string& name, const std::string& factors) {
  return R"json({"name": ")json" + name + R"json(",
    "base": {
      "data": {"synthetic": {"train": 64, "test": 32, "validation": 32}},
      "train": {"epochs": 2, "batch": 16},
      "optimizer": {"sgd": {"lr": 0.05}}},
    "backbones": {"R8": {"resnet": {"depth": 8}}},
    "factors": )json" +
         factors + R"json(, "seeds": 1})json";
}

constexpr const char* kSmoothing = R"({"loss": {"LS": {"label_smoothing": {}}}})";
constexpr const char* kAverage = R"({"average": {"EMA": {"ema": {}}}})";

class Choice : public testing::Test {
 protected:
  Finished run(const std::string& sweep, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"run", sweep, "--store", store().string(), "--jobs", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_ablate(arguments);
  }
  std::filesystem::path store() const { return scratch_ / "store"; }
  std::size_t trainings() const { return run_folders(store()).size(); }

  Scratch scratch_;
};

TEST_F(Choice, TrainsOnlyWhatIsMeantAndSharesItWithOtherSweeps) {
  const auto one = scratch_.file("one.json", sweep_named("one", kSmoothing));
  EXPECT_EQ(run(one, {"--only", "reference"}).status, 0);
  EXPECT_EQ(trainings(), 1u);

  const auto two = scratch_.file(
      "two.json", sweep_named("two", R"({"loss": {"more": {"label_smoothing": {"epsilon": 0.3}}}})"));
  const auto second = run(two);
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(trainings(), 2u) << "the reference is that of the first sweep";
  EXPECT_THAT(second.err, HasSubstr("2 done of 2 runs"));

  const auto wrong = run(one, {"--only", "loss=LSS"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean 'LS'?"));
}

TEST_F(Choice, TrainsAgainForAnAverageThatIsAskedForLaterAndGetsTheSameBits) {
  const auto plain = scratch_.file("plain.json", sweep_named("plain", kSmoothing));
  EXPECT_EQ(run(plain, {"--only", "reference"}).status, 0);
  const auto ask = [&] {
    return run_ablate({"query",
                       "SELECT DISTINCT epoch, name, value FROM v_curves "
                       "WHERE name LIKE 'train.%' OR name LIKE '%.raw.%' ORDER BY 1, 2",
                       "--store", store().string(), "--format", "csv"})
        .out;
  };
  const auto before = ask();
  EXPECT_THAT(before, HasSubstr("train.loss"));
  const auto averaged = scratch_.file("averaged.json", sweep_named("averaged", kAverage));
  const auto second = run(averaged);
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(trainings(), 1u);
  EXPECT_EQ(occurrences(journals(store()), R"("type":"begin")"), 2);
  EXPECT_EQ(ask(), before) << "the same training, so the same numbers for both runs";
}

TEST_F(Choice, SmokesEveryArmWithoutLeavingATrace) {
  const auto sweep = scratch_.file("sweep.json", sweep_named("smoked", kAverage));
  const auto end = run(sweep, {"--smoke"});
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_THAT(end.out, HasSubstr("MB"));
  EXPECT_THAT(end.out, HasSubstr("the whole sweep: 1 trainings, about"));
  EXPECT_EQ(trainings(), 0u);
  EXPECT_FALSE(std::filesystem::exists(store() / "ledger.db"));
  for (const auto& entry : std::filesystem::directory_iterator(store()))
    EXPECT_EQ(entry.path().filename(), "data") << "left behind";
}

}  // namespace
}  // namespace ablate::testing_support
