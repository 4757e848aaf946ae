#include <gmock/gmock.h>

#include "tests/run/sweeps.h"

namespace ablate::testing_support {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A weight file without a single tensor: reading it is fine, starting from it is not.
const std::string kNoWeights = std::string("\x08\0\0\0\0\0\0\0{}      ", 16);

/// A teacher that cannot be trained, a student of it, and the reference, which is sound.
std::string sweep_with_bad_teacher() {
  return R"json({
    "name": "bad-teacher",
    "base": {
      "data": {"synthetic": {"train": 64, "test": 32}},
      "train": {"epochs": 1, "batch": 32},
      "optimizer": {"sgd": {"lr": 0.05}}},
    "backbones": {"R8": {"resnet": {"depth": 8}}},
    "teachers": {"T": {"backbone": {"resnet": {"depth": 8}}, "set": {"train.init": "empty.safetensors"}}},
    "factors": {"distill": {"KD": {"logit": {"teacher": "T"}}}},
    "seeds": 1})json";
}

class Failure : public testing::Test {
 protected:
  Failure() : sweep_(scratch_.file("sweep.json", sweep_with_bad_teacher())) {
    scratch_.file("empty.safetensors", kNoWeights);
  }
  Finished run(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"run", sweep_, "--store", store().string(), "--jobs", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_ablate(arguments);
  }
  std::filesystem::path store() const { return scratch_ / "store"; }
  int attempts() const { return occurrences(journals(store()), R"("type":"begin")"); }

  Scratch scratch_;
  std::string sweep_;
};

TEST_F(Failure, OfATeacherBlocksItsStudentsAndNothingElse) {
  const auto first = run();
  EXPECT_EQ(first.status, 4);
  EXPECT_THAT(first.err, HasSubstr("failed: teacher T, seed 1: "));
  EXPECT_THAT(first.err, HasSubstr("empty.safetensors"));
  EXPECT_THAT(first.err, HasSubstr("blocked: R8, distill=KD, seed 1"));
  EXPECT_THAT(first.err, HasSubstr("1 done, 1 failed, 1 blocked of 3 runs"));
  EXPECT_EQ(attempts(), 2);

  const auto status = run_ablate({"status", "--store", store().string()});
  EXPECT_THAT(status.out, HasSubstr("bad-teacher: 3 runs, 1 failed, 1 blocked, 1 done"));

  const auto again = run();
  EXPECT_EQ(again.status, 4) << "a plain rerun leaves failed runs alone";
  EXPECT_EQ(attempts(), 2);
  EXPECT_THAT(again.err, HasSubstr("--retry failed"));

  EXPECT_EQ(run({"--retry", "failed"}).status, 4);
  EXPECT_EQ(attempts(), 3);
}

TEST_F(Failure, StopsTheSweepWhenAskedTo) {
  const auto end = run({"--fail-fast"});
  EXPECT_EQ(end.status, 4) << end.err;
  EXPECT_THAT(end.err, HasSubstr("stopping at the first failure"));
  EXPECT_EQ(attempts(), 1);
}

TEST_F(Failure, IsNotWhatDivergenceIs) {
  const auto sweep = scratch_.file("wild.json", R"json({
    "name": "wild",
    "base": {
      "data": {"synthetic": {"train": 64, "test": 32}},
      "train": {"epochs": 4, "batch": 16},
      "optimizer": {"sgd": {"lr": 1e20}}},
    "backbones": {"R8": {"resnet": {"depth": 8}}},
    "factors": {"loss": {"LS": {"label_smoothing": {}}}},
    "seeds": 1})json");
  const std::vector<std::string> arguments{"run", sweep, "--store", store().string(), "--only", "reference"};
  const auto first = run_ablate(arguments);
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("1 diverged"));
  EXPECT_THAT(run_ablate(arguments).err, HasSubstr("nothing to train"));
  EXPECT_EQ(attempts(), 1);
  auto retry = arguments;
  retry.insert(retry.end(), {"--retry", "diverged"});
  EXPECT_EQ(run_ablate(retry).status, 0);
  EXPECT_EQ(attempts(), 2);
  EXPECT_THAT(journals(store()), Not(HasSubstr(R"("resumed_at":{)")));
}

}  // namespace
}  // namespace ablate::testing_support
