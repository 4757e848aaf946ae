#include <gmock/gmock.h>

#include "tests/plan/sweep_folder.h"

namespace ablate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Designs = SweepFolder;

TEST_F(Designs, OneAtATimeIsTheReferenceAndEachLevelAlone) {
  const auto plan =
      planned(sweep(R"("factors": {"mix": ["mixup", "cutmix"], "train.epochs": [4]}, "seeds": 2)"));
  EXPECT_THAT(labels(plan), ElementsAre("reference", "mix=mixup", "mix=cutmix", "epochs=4"));
  EXPECT_TRUE(plan.arms[0].reference);
  EXPECT_THAT(plan.arms[1].levels, ElementsAre(std::pair<std::string, std::string>("mix", "mixup")));
  EXPECT_EQ(plan.runs.size(), 8u);
}

TEST_F(Designs, AGridHoldsTheReferencesOwnLevels) {
  const auto plan =
      planned(sweep(R"("factors": {"mix": ["mixup"], "train.epochs": [4, 6]}, "design": "grid")"));
  EXPECT_THAT(labels(plan), ElementsAre("reference", "epochs=4", "epochs=6", "mix=mixup",
                                        "mix=mixup, epochs=4", "mix=mixup, epochs=6"));
}

TEST_F(Designs, LeaveOneOutPutsFamiliesToOff) {
  const auto plan = planned(sweep(R"("design": {"leave_one_out": ["mix", "augment.flip"]})",
                                  R"("mix": "mixup", "augment": {"crop": {}, "flip": {}})"));
  EXPECT_THAT(labels(plan), ElementsAre("reference", "mix=off", "flip=off"));
  EXPECT_FALSE(plan.arms[1].recipe.contains("mix"));
  EXPECT_FALSE(plan.arms[2].recipe["augment"].contains("flip"));
  EXPECT_TRUE(plan.arms[2].recipe["augment"].contains("crop"));
}

TEST_F(Designs, AListIsTheReferenceAndWhatItNames) {
  const auto plan = planned(sweep(R"("factors": {"mix": ["mixup", "cutmix"], "train.epochs": [4]},
      "design": {"list": [{"mix": "cutmix", "train.epochs": 4}, {"mix": "mixup", "train.epochs": "reference"}]})"));
  EXPECT_THAT(labels(plan), ElementsAre("reference", "mix=cutmix, epochs=4", "mix=mixup"));
}

TEST_F(Designs, ThoseThatDoNotExistAreRefusedWithThoseThatDo) {
  const auto said = refused(sweep(R"("factors": {"mix": ["mixup"]}, "design": "ladder")"));
  EXPECT_THAT(said, HasSubstr("unknown design 'ladder'"));
  EXPECT_THAT(said, HasSubstr("one_at_a_time, leave_one_out, grid, list"));
}

}  // namespace
}  // namespace ablate
