#include "harness/plan/text.h"

#include <gmock/gmock.h>

#include "tests/plan/sweep_folder.h"

namespace ablate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using PlanText = SweepFolder;

TEST_F(PlanText, TellsEveryKeyThatDiffersFromTheReference) {
  const auto text =
      plan_text(planned(sweep(R"("factors": {"optimizer.sgd.lr": [0.2], "mix": ["mixup"]}, "seeds": 3)")));
  EXPECT_THAT(text,
              AllOf(HasSubstr("  mobilenetv2, lr=0.2: seeds 1..3, first run "),
                    HasSubstr("      optimizer.sgd.lr: 0.1 -> 0.2\n"),
                    HasSubstr("      mix.mixup: off -> on\n"), HasSubstr("note: with 3 seeds")));
}

TEST_F(PlanText, TellsWhatIsReused) {
  const auto plan = planned(sweep(R"("seeds": [4, 9])"));
  const auto done = [&](const std::string& run) { return run == plan.arms[0].runs[1]; };
  EXPECT_THAT(plan_text(plan, {.done = done}), HasSubstr("reference: seeds 4, 9, 1 of 2 reused, first run"));
  EXPECT_THAT(plan_text(plan), Not(HasSubstr("reused")));
}

TEST_F(PlanText, TellsTeachersAndWhereValuesComeFrom) {
  const auto plan = planned(
      sweep(R"("teachers": {"T": {"backbone": "resnet"}})", R"("distill": {"logit": {"teacher": "T"}})"),
      {.set = {"train.epochs=3"}});
  const auto text = plan_text(plan, {.origins = true});
  EXPECT_THAT(text, AllOf(HasSubstr("teachers, trained first\n  T: seed 1, run "),
                          HasSubstr("      train.epochs: from --set:1:14\n")));
}

TEST_F(PlanText, OfPendingKeysSaysSo) {
  known_data = false;
  EXPECT_THAT(plan_text(planned(sweep(""))), HasSubstr("reference: seeds 1, keys pending"));
}

}  // namespace
}  // namespace ablate
