#include <gmock/gmock.h>

#include "tests/plan/sweep_folder.h"
#include "tests/ready_sweeps.h"

namespace ablate {
namespace {

namespace fs = std::filesystem;

const fs::path kSweeps = fs::path(ABLATE_TEST_ROOT) / "sweeps";

class ReadySweeps : public SweepFolder {
 protected:
  ReadySweeps() {
    environment["ABLATE_DATA"] = "/data";
    known_data = false;
  }
};

TEST_F(ReadySweeps, ArePlannedWithoutTheirData) {
  const auto sweeps = sweeps_in(kSweeps);
  EXPECT_GE(sweeps.size(), 10u);
  for (const auto& file : sweeps) {
    const auto plan = plan_file(file);
    ASSERT_TRUE(plan) << file << "\n" << problems.text();
    EXPECT_GT(plan->arms.size(), 0u) << file;
    EXPECT_EQ(problems.text().find("no arm learns"), std::string::npos) << file << "\n" << problems.text();
  }
}

TEST_F(ReadySweeps, OfTheGhostNetV3StudyTakeAnImageNetRecipeToo) {
  for (const auto& file : sweeps_in(kSweeps / "ghostnetv3")) {
    const auto plan = plan_file(file, {.base = kSweeps / "recipes/imagenet.json"});
    ASSERT_TRUE(plan) << file << "\n" << problems.text();
    EXPECT_EQ(plan->arms.front().recipe["train"]["batch"], 256) << file;
  }
}

TEST_F(ReadySweeps, HaveRecipesThatAreFineByThemselves) {
  for (const auto& entry : fs::directory_iterator(kSweeps / "recipes")) {
    problems = Problems();
    validate_file(entry.path(), {}, world, problems);
    EXPECT_TRUE(problems.ok()) << problems.text();
  }
}

}  // namespace
}  // namespace ablate
