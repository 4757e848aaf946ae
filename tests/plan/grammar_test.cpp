#include <gmock/gmock.h>

#include "tests/plan/sweep_folder.h"

namespace ablate {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Grammar = SweepFolder;

// Rule 1: paths and patches

TEST_F(Grammar, ABareNameStandsForAnEmptyObject) {
  const auto bare = planned(
      R"({"base": {"data": "synthetic", "optimizer": "sgd", "mix": "mixup"}, "backbones": ["resnet"]})");
  const auto spelt = planned(
      R"({"base": {"data": {"synthetic": {}}, "optimizer": {"sgd": {}}, "mix": {"mixup": {}}}, "backbones": {"r": {"resnet": {}}}})");
  EXPECT_EQ(bare.arms[0].runs, spelt.arms[0].runs);
}

TEST_F(Grammar, AValueReplacesAllThatStandsAtItsPath) {
  const auto plan = planned(
      sweep(R"("factors": {"optimizer": {"plain": {"sgd": {"lr": 0.3}}}})", R"("augment": {"crop": {}})"));
  EXPECT_EQ(plan.arms[1].recipe["optimizer"]["sgd"]["momentum"],
            planned(sweep("")).arms[0].recipe["optimizer"]["sgd"]["momentum"]);
  EXPECT_EQ(plan.arms[1].recipe["optimizer"]["sgd"]["lr"], 0.3);
}

TEST_F(Grammar, StepsApplyInTheirOrder) {
  // base < --set < adapt < set < at < levels
  const auto text = sweep(R"("adapt": {"mobilenetv2": {"train.batch": 20}},
      "factors": {"train.epochs": [5], "train.batch": [40], "evaluate.every": [2]},
      "tables": [{"title": "a", "one_at_a_time": ["train.epochs"]},
                 {"title": "b", "set": {"train.batch": 30}, "one_at_a_time": ["train.epochs"]},
                 {"title": "c", "set": {"train.batch": 30}, "at": {"train.batch": 40}, "one_at_a_time": ["train.epochs", "evaluate.every"]}])");
  const auto plan = planned(text, {.set = {"train.batch=10", "train.epochs=3"}});
  ASSERT_EQ(plan.arms.size(), 7u);
  EXPECT_EQ(plan.arms[0].recipe["train"]["batch"], 20);
  EXPECT_EQ(plan.arms[0].recipe["train"]["epochs"], 3);
  EXPECT_EQ(plan.arms[1].recipe["train"]["epochs"], 5);
  EXPECT_EQ(plan.arms[2].recipe["train"]["batch"], 30);
  EXPECT_EQ(plan.arms[4].recipe["train"]["batch"], 40);
  EXPECT_THAT(plan.tables[2].at, ElementsAre(std::pair<std::string, std::string>("train.batch", "40")));
}

TEST_F(Grammar, WithinAPatchShorterPathsComeFirst) {
  const auto plan =
      planned(sweep(R"("factors": {"mixed": {"strong": {"mix.mixup.alpha": 0.7, "mix": "mixup"}}})"));
  EXPECT_EQ(plan.arms[1].recipe["mix"]["mixup"]["alpha"], 0.7);
}

TEST_F(Grammar, RefusesPrecisionThatAnExecutorDoesNotHave) {
  EXPECT_THAT(refused(sweep(""), {.set = {"train.precision=bf16", "train.executor=reference"}}),
              HasSubstr("train.precision: bf16 needs \"executor\": \"fused\""));
}

TEST_F(Grammar, LevelsThatSetOnePathOrNestedOnesCollide) {
  const auto said = refused(sweep(
      R"("factors": {"mix": ["mixup"], "plain": {"plain": {"mix": "off", "augment": "off"}}}, "design": "grid")",
      R"("mix": "cutmix", "augment": "flip")"));
  EXPECT_THAT(said, HasSubstr("'plain=plain' sets mix, and 'mix=mixup' sets mix in the same arm"));
  EXPECT_THAT(
      refused(sweep(
          R"("factors": {"mix": {"m": {"mixup": {"alpha": 0.1}}}, "mix.mixup.alpha": [0.5]}, "design": "grid")",
          R"("mix": "mixup")")),
      HasSubstr("'mix.mixup.alpha=0.5' sets mix.mixup.alpha, and 'mix=m' sets mix in the same arm"));
}

TEST_F(Grammar, FactorsAndAdaptMayNotReplaceDataOrTrain) {
  EXPECT_THAT(refused(sweep(R"("factors": {"train": [{"epochs": 3}]})")),
              HasSubstr("may not replace all of `train`"));
  EXPECT_THAT(refused(sweep(R"("adapt": {"mobilenetv2": {"data": "cifar10"}})")),
              HasSubstr("may not replace all of `data`"));
  EXPECT_EQ(planned(sweep(""), {.set = {"data={\"synthetic\": {\"size\": 24}}"}})
                .arms[0]
                .recipe["data"]["synthetic"]["size"],
            24);
}

TEST_F(Grammar, AParameterOfWhatIsOffCannotBeSet) {
  EXPECT_THAT(refused(sweep(""), {.set = {"mix.mixup.alpha=0.1"}}),
              HasSubstr("--set:1:1: mix.mixup is off wherever this would apply"));
  EXPECT_THAT(refused(sweep(R"("adapt": {"mobilenetv2": {"mix.mixup.alpha": 0.1}})")),
              HasSubstr("mix.mixup is off"));
}

// Rule 2: factors, levels, labels

TEST_F(Grammar, LevelsAreLabelledByTheirValues) {
  const auto plan = planned(sweep(R"("factors": {"mix": ["off", {"cutmix": {}}, {"cutmix": {"alpha": 0.5}}],
      "augment.crop": ["off", {"padding": 2}], "optimizer.sgd.lr": [5e-2, 1], "optimizer.sgd.nesterov": [false]})",
                                  R"("mix": "mixup", "augment": "crop")"));
  EXPECT_THAT(labels(plan), ElementsAre("reference", "mix=off", "mix=cutmix", "mix=cutmix alpha 0.5",
                                        "crop=off", "crop=padding 2", "lr=0.05", "lr=1", "nesterov=false"));
}

TEST_F(Grammar, EqualLabelsAreToldApartByTheUser) {
  EXPECT_THAT(refused(sweep(R"("factors": {"optimizer.sgd.lr": [0.05, 5e-2]})")),
              HasSubstr("two levels of 'optimizer.sgd.lr' are labelled '0.05'"));
}

TEST_F(Grammar, ReservedWordsAndSeparatorsAreNoLabels) {
  EXPECT_THAT(refused(sweep(R"("factors": {"mix": {"reference": "mixup"}})")),
              HasSubstr("'reference' is reserved"));
  EXPECT_THAT(refused(sweep(R"("factors": {"seed": {"x": {"mix": "mixup"}}})")),
              HasSubstr("'seed' is reserved"));
  EXPECT_THAT(refused(sweep(R"("factors": {"a,b": {"x": {"mix": "mixup"}}})")),
              HasSubstr("a factor's name may hold no ',' or '='"));
}

TEST_F(Grammar, BackbonesAreComparedByRowsButMayBeVaried) {
  const auto plan = planned(
      R"({"base": )" + recipe() +
      R"(, "backbones": ["mobilenetv2", "resnet"], "factors": {"backbone.mobilenetv2.width": [0.5]}})");
  EXPECT_THAT(labels(plan), ElementsAre("reference", "width=0.5", "reference"));
  EXPECT_THAT(plan.notes,
              Contains(HasSubstr("'backbone.mobilenetv2.width' applies only where what it changes is on")));
  EXPECT_THAT(refused(sweep(R"("factors": {"backbone": ["resnet"]})")), HasSubstr("'backbone' is reserved"));
}

TEST_F(Grammar, ARecipesOwnBackboneCountsWhereTheSweepNamesNone) {
  const auto own = recipe(R"("backbone": {"resnet": {"depth": 20}})");
  EXPECT_EQ(planned(R"({"base": )" + own + "}").arms[0].backbone, "resnet");
  EXPECT_EQ(planned(R"({"backbones": ["mobilenetv2"], "base": )" + own + "}").arms[0].backbone,
            "mobilenetv2");
}

// Rule 3: what applies where

TEST_F(Grammar, AParameterAppliesOnlyWhereItsIngredientIsOn) {
  const auto plan =
      planned(sweep(R"("factors": {"mix": ["off"], "mix.mixup.alpha": [0.5, 0.7]}, "design": "grid")",
                    R"("mix": "mixup")"));
  EXPECT_THAT(labels(plan), ElementsAre("reference", "alpha=0.5", "alpha=0.7", "mix=off"));
  EXPECT_THAT(plan.notes, Contains(HasSubstr("'mix.mixup.alpha' applies only where")));
}

TEST_F(Grammar, WhatNoArmUsesIsAMistake) {
  EXPECT_THAT(refused(sweep(R"("factors": {"mix.mixup.alpha": [0.5]})")),
              HasSubstr("no arm uses the factor 'mix.mixup.alpha' (mix.mixup must be on"));
  EXPECT_THAT(
      refused(sweep(R"("factors": {"mix": ["mixup", "cutmix"]}, "design": {"list": [{"mix": "mixup"}]})")),
      HasSubstr("no arm uses the level 'cutmix' of 'mix'"));
  EXPECT_THAT(
      refused(sweep(R"("factors": {"mix": ["mixup"], "train.epochs": [3]}, "design": {"grid": ["mix"]})")),
      HasSubstr("no arm uses the factor 'train.epochs'"));
}

TEST_F(Grammar, ALevelThatTheReferenceHasIsNoRow) {
  const auto plan = planned(sweep(R"("factors": {"train.epochs": [2, 3]})"));
  EXPECT_THAT(labels(plan), ElementsAre("reference", "epochs=3"));
  EXPECT_THAT(plan.notes, Contains(HasSubstr("epochs=2 is what the reference has")));
}

TEST_F(Grammar, ExclusionsTakeArmsOut) {
  const auto grid = [](const std::string& exclude) {
    return sweep(R"("factors": {"mix": ["mixup"], "train.epochs": [3, 4]}, "design": "grid", "exclude": )" +
                 exclude);
  };
  EXPECT_THAT(labels(planned(grid(R"([{"mix": "mixup", "train.epochs": 4}])"))),
              ElementsAre("reference", "epochs=3", "epochs=4", "mix=mixup", "mix=mixup, epochs=3"));
  EXPECT_THAT(
      labels(planned(grid(R"([{"mix": "reference", "train.epochs": "4"}])"))),
      ElementsAre("reference", "epochs=3", "mix=mixup", "mix=mixup, epochs=3", "mix=mixup, epochs=4"));
  EXPECT_THAT(refused(grid(R"([{"mix": "reference"}])")), HasSubstr("this exclusion removes the reference"));
  EXPECT_THAT(refused(grid(R"([{"mix": "mixupp"}])")),
              HasSubstr("the factor 'mix' has no level 'mixupp' (did you mean 'mixup'?)"));
  EXPECT_THAT(refused(grid(R"([{"mixx": "mixup"}])")),
              HasSubstr("unknown factor 'mixx' (did you mean 'mix'?)"));
}

TEST_F(Grammar, AnExclusionThatLeavesNothingOutIsAMistake) {
  EXPECT_THAT(
      refused(sweep(
          R"("factors": {"mix": ["mixup"], "train.epochs": [3]}, "exclude": [{"mix": "mixup", "train.epochs": 3}])")),
      HasSubstr("no arm is left out by this exclusion"));
}

// Rule 4: tables

TEST_F(Grammar, TablesHaveTheirOwnBackbonesSeedsAndExtraArms) {
  const auto plan =
      planned(R"({"base": )" + recipe() + R"(, "backbones": ["mobilenetv2", "resnet"], "seeds": 2,
      "factors": {"mix": ["mixup"]},
      "tables": [{"title": "one", "one_at_a_time": ["mix"], "backbones": ["resnet"], "seeds": [7]},
                 {"title": "two", "design": "one_at_a_time", "also": {"long": {"train.epochs": 9}}}]})");
  EXPECT_THAT(labels(plan), ElementsAre("reference", "mix=mixup", "reference", "mix=mixup", "long",
                                        "reference", "mix=mixup", "long"));
  EXPECT_EQ(plan.arms[0].backbone, "resnet");
  EXPECT_THAT(plan.arms[0].seeds, ElementsAre(7u));
  EXPECT_EQ(plan.arms[4].recipe["train"]["epochs"], 9);
  EXPECT_EQ(plan.tables[1].arms.size(), 6u);
}

TEST_F(Grammar, ATableHasOneDesignAndKnownColumns) {
  const auto table = [](const std::string& keys) {
    return sweep(R"("factors": {"mix": ["mixup"]}, "tables": [{)" + keys + "}]");
  };
  EXPECT_THAT(refused(table(R"("grid": ["mix"], "one_at_a_time": ["mix"])")),
              HasSubstr("a table has one design"));
  EXPECT_THAT(refused(table(R"("grid": ["mix"], "columns": "mixx")")),
              HasSubstr("`columns` names no factor that this table varies: 'mixx' (did you mean 'mix'?)"));
  EXPECT_THAT(refused(table(R"("ladder": ["mix"])")),
              HasSubstr("unknown key 'ladder' of a table; its design is one of one_at_a_time"));
  EXPECT_THAT(refused(table(R"("grid": ["mix"], "backbones": ["mobilnetv2"])")),
              HasSubstr("unknown backbone 'mobilnetv2' (did you mean 'mobilenetv2'?)"));
}

TEST_F(Grammar, DesignAndTablesExcludeEachOther) {
  EXPECT_THAT(
      refused(sweep(R"("factors": {"mix": ["mixup"]}, "design": "grid", "tables": [{"grid": ["mix"]}])")),
      HasSubstr("a sweep has `design` or `tables`, not both"));
}

// Rules 6 and 8: seeds, the command line, what is kept

TEST_F(Grammar, SeedsAreANumberOrAList) {
  EXPECT_THAT(planned(sweep(R"("seeds": 3)")).arms[0].seeds, ElementsAre(1u, 2u, 3u));
  EXPECT_THAT(planned(sweep(R"("seeds": [9, 4])")).arms[0].seeds, ElementsAre(9u, 4u));
  EXPECT_THAT(refused(sweep(R"("seeds": 0)")), HasSubstr("`seeds` is a number from 1"));
  EXPECT_THAT(refused(sweep(R"("seeds": [1.5])")), HasSubstr("a seed is an integer"));
}

TEST_F(Grammar, AnIntegerIsAcceptedForARealButNotTheReverse) {
  EXPECT_TRUE(plan(sweep(R"("factors": {"optimizer.sgd.lr": [1]})"))) << said();
  EXPECT_THAT(refused(sweep(R"("factors": {"train.epochs": [3.0]})")), HasSubstr("expects an integer"));
}

TEST_F(Grammar, TheCommandLineWins) {
  const auto plan = planned(sweep(""), {.set = {"train.epochs=7", "mix=mixup", "optimizer.sgd.lr=0.5"}});
  EXPECT_EQ(plan.arms[0].recipe["train"]["epochs"], 7);
  EXPECT_EQ(plan.arms[0].recipe["optimizer"]["sgd"]["lr"], 0.5);
  EXPECT_TRUE(plan.arms[0].recipe["mix"].contains("mixup"));
  EXPECT_EQ(plan.arms[0].origins.at("train.epochs"), "--set:1:14");
  EXPECT_THAT(plan.arms[0].origins.at("train.batch"), HasSubstr("sweep.json:1:"));
  EXPECT_FALSE(plan.arms[0].origins.contains("train.threads"));
}

TEST_F(Grammar, AnotherBaseMayBeGiven) {
  const auto other = write("other.json", R"({"data": "synthetic", "optimizer": {"sgd": {"lr": 0.7}}})");
  EXPECT_EQ(planned(sweep(""), {.base = other}).arms[0].recipe["optimizer"]["sgd"]["lr"], 0.7);
  EXPECT_THROW(plan(sweep(""), {.base = root / "absent.json"}), Error);
}

TEST_F(Grammar, KeepIsOneOfThree) {
  EXPECT_EQ(planned(sweep(R"("keep": "best")")).keep, "best");
  EXPECT_THAT(refused(sweep(R"("keep": "all")")), HasSubstr("`keep` is last, best or none, not 'all'"));
}

TEST_F(Grammar, ASweepWithoutANameIsCalledAsItsFile) {
  EXPECT_EQ(planned(R"({"base": )" + recipe() + R"(, "backbones": ["resnet"]})").name, "sweep");
  EXPECT_THAT(refused(R"({"name": "../x", "base": )" + recipe() + R"(, "backbones": ["resnet"]})"),
              HasSubstr("`name` names a folder"));
}

TEST_F(Grammar, CopiesOfAnIngredientStandSideBySide) {
  const auto plan = planned(sweep(
      R"("teachers": {"A": {"backbone": {"resnet": {"depth": 20}}}, "B": {"backbone": {"resnet": {"depth": 56}}}})",
      R"("distill": {"logit": {"teacher": "A"}, "logit@second": {"teacher": "B"}})"));
  EXPECT_EQ(plan.arms[0].recipe["distill"].size(), 2u);
  EXPECT_EQ(plan.runs.size(), 3u);
  EXPECT_THAT(refused(sweep("", R"("augment": {"flip@": {}})")),
              HasSubstr("a copy needs a name behind the '@'"));
}

}  // namespace
}  // namespace ablate
