// The example sweeps of the manual, as a reader expects them to plan.
#include <gmock/gmock.h>

#include "tests/plan/sweep_folder.h"

namespace ablate {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const char kCifar[] = R"(// a recipe in a file of its own
{ "data":      { "cifar10": { "path": "${ABLATE_DATA}/cifar10", "validation": 5000 } },
  "train":     { "epochs": 30, "batch": 128 },
  "optimizer": { "sgd": { "lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4 } },
  "schedule":  { "cosine": { "warmup_epochs": 3 } },
  "augment":   { "crop": { "padding": 4 }, "flip": {} } })";

const char kWholeRecipe[] = R"({
  "data":      { "cifar10": { "path": "${ABLATE_DATA}/cifar10", "validation": 5000 } },
  "train":     { "epochs": 30, "batch": 128 },
  "optimizer": { "sgd": { "lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4 } },
  "schedule":  { "cosine": { "warmup_epochs": 3 } },
  "augment":   { "crop": { "padding": 4 }, "flip": {} },
  "reparam":   { "branches": {} },
  "distill":   { "logit": { "teacher": "R56" } },
  "average":   { "ema": {} } })";

const char kRecipeSweep[] = R"({ "$schema": "sweep.schema.json",
  "name": "recipe", "title": "Which parts of the recipe carry over?",
  "base": "recipes/ghostnetv3-cifar.json",              // a recipe, or a file that holds one (no chains)
  "backbones": { "GhostNetV2": { "ghostnetv2": {} }, "MobileNetV2": { "mobilenetv2": {} }, "ShuffleNetV2": { "shufflenetv2": {} } },
  "adapt": { "ShuffleNetV2": { "optimizer.sgd.weight_decay": 4e-5 } },      // a patch for one backbone
  "teachers": { "R56": { "backbone": { "resnet": { "depth": 56 } }, "set": { "train.epochs": 60 } } },
  "factors": {
    "reparam": ["off"], "distill": ["off"], "average": ["off"],             // base has them on: leave one out
    "mix": { "+ Mixup": { "mixup": { "alpha": 0.2 } }, "+ CutMix": { "cutmix": {} } },   // base has none: put one in
    "plain": { "plain": { "reparam": "off", "distill": "off", "average": "off" } } },   // a factor that changes several things
  "design": "one_at_a_time",
  "seeds": 8 })";

const char kDistillSweep[] =
    R"({ "name": "distill", "base": "recipes/cifar.json", "backbones": ["ghostnetv2"], "seeds": 8,
  "teachers": { "R20": { "backbone": { "resnet": { "depth": 20 } } }, "R110": { "weights": "r110.safetensors", "backbone": { "resnet": { "depth": 110 } } } },
  "factors": {
    "distill": { "KD": { "logit": { "teacher": "R110", "temperature": 4, "ce_weight": 0.1, "kd_weight": 0.9 } },
                 "V3": { "logit": { "teacher": "R110", "temperature": 1, "ce_weight": 1, "kd_weight": 1, "form": "cross_entropy" } } },
    "distill.logit.teacher": ["R20"], "distill.logit.temperature": [1, 2, 8],
    "weights": { "1:1": { "distill.logit.ce_weight": 1, "distill.logit.kd_weight": 1 } } },
  "tables": [ { "title": "(a) loss", "one_at_a_time": ["distill"] },
              { "title": "(b) teacher", "at": { "distill": "KD" }, "one_at_a_time": ["distill.logit.teacher"] },
              { "title": "(c) weight x T", "at": { "distill": "KD" }, "grid": ["weights", "distill.logit.temperature"], "columns": "distill.logit.temperature" } ] })";

class Examples : public SweepFolder {
 protected:
  Examples() {
    environment["ABLATE_DATA"] = "/data";
    weights["r110.safetensors"] = sha256("r110");
    write("recipes/cifar.json", kCifar);
    write("recipes/ghostnetv3-cifar.json", kWholeRecipe);
  }
  const Arm& arm(const Plan& plan, const std::string& backbone, const std::string& label) {
    for (const auto& each : plan.arms)
      if (each.backbone == backbone && each.label == label) return each;
    ADD_FAILURE() << "no arm " << label << " on " << backbone;
    return plan.arms.front();
  }
};

TEST_F(Examples, TheWholeRecipeIsLeftOutPartByPartOnEveryBackbone) {
  const auto plan = planned(kRecipeSweep);
  ASSERT_EQ(plan.arms.size(), 3 * 7u);
  const std::vector<std::string> rows(plan.arms.size(), "");
  const auto all = labels(plan);
  EXPECT_THAT(std::vector(all.begin(), all.begin() + 7),
              ElementsAre("reference", "reparam=off", "distill=off", "average=off", "mix=+ Mixup",
                          "mix=+ CutMix", "plain=plain"));
  EXPECT_EQ(plan.title, "Which parts of the recipe carry over?");

  const auto& plain = arm(plan, "GhostNetV2", "plain=plain").recipe;
  for (const char* family : {"reparam", "distill", "average", "mix"})
    EXPECT_FALSE(plain.contains(family)) << family;
  const auto& reference = arm(plan, "GhostNetV2", "reference").recipe;
  for (const char* family : {"reparam", "distill", "average"})
    EXPECT_TRUE(reference.contains(family)) << family;
  EXPECT_EQ(reference["distill"]["logit"]["teacher"], "R56");
}

TEST_F(Examples, OneBackboneIsAdapted) {
  const auto plan = planned(kRecipeSweep);
  EXPECT_EQ(arm(plan, "ShuffleNetV2", "mix=+ Mixup").recipe["optimizer"]["sgd"]["weight_decay"], 4e-5);
  EXPECT_EQ(arm(plan, "MobileNetV2", "mix=+ Mixup").recipe["optimizer"]["sgd"]["weight_decay"], 5e-4);
}

TEST_F(Examples, TheTeacherInheritsTrainingAndIsTrainedOnce) {
  const auto plan = planned(kRecipeSweep);
  std::vector<const ablate::Run*> teachers;
  for (const auto& [key, run] : plan.runs)
    if (!run.teacher.empty()) teachers.push_back(&run);
  ASSERT_EQ(teachers.size(), 1u);
  const auto& recipe = teachers[0]->recipe;
  EXPECT_EQ(teachers[0]->teacher, "R56");
  EXPECT_EQ(teachers[0]->seed, 1u);
  EXPECT_EQ(recipe["train"]["epochs"], 60);
  EXPECT_EQ(recipe["optimizer"]["sgd"]["weight_decay"], 5e-4);
  EXPECT_TRUE(recipe.contains("schedule") && recipe.contains("augment"));
  for (const char* family : {"reparam", "distill", "average"})
    EXPECT_FALSE(recipe.contains(family)) << family;
  EXPECT_EQ(plan.runs.size(), 3 * 7 * 8 + 1u);
  EXPECT_EQ(plan.trajectories.front().runs.front(), teachers[0]->key);
}

TEST_F(Examples, WhatOnlyAveragesSharesTheTrainingAndIsToldOnceForAllBackbones) {
  const auto plan = planned(kRecipeSweep);
  // the reference and the arm without averaging are one training
  EXPECT_EQ(plan.trajectories.size(), 3 * 6 * 8 + 1u);
  EXPECT_THAT(plan.notes,
              ElementsAre("one training, evaluated in several ways: 'reference'; 'average=off' on "
                          "GhostNetV2, MobileNetV2, ShuffleNetV2"));
}

TEST_F(Examples, TrajectoriesGoSeedBySeed) {
  const auto plan = planned(kRecipeSweep);
  std::uint64_t seed = 1;
  for (const auto& trajectory : plan.trajectories) {
    EXPECT_GE(trajectory.seed, seed);
    seed = trajectory.seed;
  }
  EXPECT_EQ(seed, 8u);
}

TEST_F(Examples, EightSeedsSufficeForSixRows) {
  EXPECT_THAT(planned(kRecipeSweep).notes, Not(Contains(HasSubstr("sign-flip"))));
  auto five = std::string(kRecipeSweep);
  five.replace(five.rfind("8"), 1, "5");
  EXPECT_THAT(planned(five).notes,
              Contains(HasSubstr("with 5 seeds the exact sign-flip test cannot go below p = 0.062; "
                                 "p < 0.05 needs 6 seeds, and 8 for 6 rows after Holm")));
}

TEST_F(Examples, OfSeveralTablesTheNoteNamesTheOneThatLacksSeeds) {
  auto five = std::string(kDistillSweep);
  five.replace(five.find("\"seeds\": 8"), 10, "\"seeds\": 5");
  EXPECT_THAT(
      planned(five).notes,
      Contains("table '(b) teacher': with 5 seeds the exact sign-flip test cannot go below p = 0.062; "
               "p < 0.05 needs 6 seeds"));
}

TEST_F(Examples, ThreePanelsOfDistillation) {
  const auto plan = planned(kDistillSweep);
  EXPECT_THAT(labels(plan),
              ElementsAre("reference", "distill=KD", "distill=V3",                         // (a)
                          "reference", "teacher=R20",                                      // (b)
                          "reference", "temperature=1", "temperature=2", "temperature=8",  // (c)
                          "weights=1:1", "weights=1:1, temperature=1", "weights=1:1, temperature=2",
                          "weights=1:1, temperature=8"));
  EXPECT_EQ(plan.tables[2].columns, "distill.logit.temperature");
  EXPECT_THAT(plan.tables[2].factors, ElementsAre("weights", "distill.logit.temperature"));
  EXPECT_EQ(plan.arms[3].runs, plan.arms[1].runs) << "the reference of (b) is the KD row of (a)";
  EXPECT_EQ(plan.arms[5].runs, plan.arms[1].runs);
  EXPECT_FALSE(plan.arms[0].recipe.contains("distill"));
  EXPECT_EQ(plan.arms[12].recipe["distill"]["logit"]["kd_weight"], 1.0);
  EXPECT_EQ(plan.arms[12].recipe["distill"]["logit"]["temperature"], 8.0);
  EXPECT_EQ(plan.arms[12].recipe["distill"]["logit"]["teacher"], "R110");
  EXPECT_EQ(plan.runs.size(), (13 - 2) * 8 + 1u) << "two references are shared, one teacher is trained";
}

TEST_F(Examples, TeachersOfWeightsAreKnownByTheirDigest) {
  const auto plan = planned(kDistillSweep);
  const auto& run = plan.runs.at(plan.arms[1].runs[0]);
  const nlohmann::json expected{{"weights", sha256("r110")},
                                {"backbone", {{"resnet", {{"depth", 110}, {"stem", "cifar"}}}}}};
  const auto& teacher = run.spec["recipe"]["distill"]["logit"]["teacher"];
  EXPECT_EQ(teacher, expected) << teacher.dump();
  EXPECT_EQ(run.spec["versions"]["backbone.resnet"], 1);
  const auto& source = plan.trajectory(run.trajectory)->file_teachers.at(canonical(teacher));
  EXPECT_EQ(source["path"], (root / "r110.safetensors").string());
  EXPECT_EQ(source["mean"].size(), 3u);
}

TEST_F(Examples, NothingIsSaidAgainstThem) {
  planned(kRecipeSweep);
  EXPECT_THAT(said(), IsEmpty());
  planned(kDistillSweep);
  EXPECT_THAT(said(), IsEmpty());
}

}  // namespace
}  // namespace ablate
