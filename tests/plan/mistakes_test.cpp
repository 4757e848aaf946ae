#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "tests/plan/sweep_folder.h"

namespace ablate {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class Mistakes : public SweepFolder {
 protected:
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream text(said());
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }
  std::string validated(const std::string& text, const Overrides& overrides = {}) {
    problems = Problems();
    validate_file(write("file.json", text), overrides, world, problems);
    return said();
  }
};

TEST_F(Mistakes, AreAllToldAtOnceWithTheirPlaces) {
  std::ifstream file(ABLATE_TEST_ROOT "/tests/plan/eight_mistakes.json");
  std::stringstream text;
  text << file.rdbuf();
  refused(text.str());
  EXPECT_THAT(
      lines(),
      ElementsAre(
          StartsWith("sweep.json:5:44: 'difficulty' of data.synthetic is 2"),
          StartsWith("sweep.json:6:26: 'epochs' of train expects an integer"),
          StartsWith("sweep.json:7:40: optimizer.sgd has no parameter 'momentun' (did you mean 'momentum'?)"),
          StartsWith("sweep.json:8:30: unknown ingredient 'flipp' of `augment` (did you mean 'flip'?)"),
          StartsWith("sweep.json:10:32: unknown backbone 'shufflenet' (did you mean 'shufflenetv2'?)"),
          StartsWith("sweep.json:11:25: a level's label may hold no ',' or '=': 'a=b'"),
          StartsWith("sweep.json:12:19: seed 1 is listed twice"),
          StartsWith("sweep.json:13:3: unknown key 'factor' of a sweep (did you mean 'factors'?)")));
}

TEST_F(Mistakes, IncludeWaysToSpoilImagesThatThereAreNot) {
  EXPECT_THAT(
      refused(sweep("", R"("evaluate": {"corruptions": ["impulse_nois"], "severities": [0, 6]})")),
      AllOf(HasSubstr("(did you mean 'impulse_noise'?)"), HasSubstr("'severities[0]' of evaluate is 0"),
            HasSubstr("'severities[1]' of evaluate is 6")));
  EXPECT_THAT(refused(sweep("", R"("evaluate": {"severities": []})")), HasSubstr("at least 1 expected"));
  EXPECT_THAT(refused(sweep("", R"("evaluate": {"fgsm": 0, "pgd": 256, "pgd_steps": 0})")),
              AllOf(HasSubstr("'fgsm' of evaluate is 0"), HasSubstr("'pgd' of evaluate is 256"),
                    HasSubstr("'pgd_steps' of evaluate is 0")));
  planned(sweep("", R"("evaluate": {"corruptions": ["all"], "severities": [3]})"));
}

TEST_F(Mistakes, IncludeAMapThatTheNetworkLacks) {
  const auto with_map = [](const std::string& map) {
    return sweep(R"("teachers": {"T": {"backbone": "resnet"}})",
                 R"("distill": {"hint": {"teacher": "T", "maps": [")" + map + R"("]}})");
  };
  EXPECT_THAT(refused(with_map("features.99")),
              HasSubstr("distill.hint: the network has no map 'features.99'"));
  planned(with_map("features.5"));
  planned(with_map("stage.-2"));
}

TEST_F(Mistakes, InARecipeFileAreToldThere) {
  write("recipes/r.json", "{\"data\": \"synthetic\",\n \"optimizer\": {\"sgd\": {\"lr\": -1}}}");
  EXPECT_THAT(refused(R"({"base": "recipes/r.json", "backbones": ["mobilenetv2"]})"),
              StartsWith("recipes/r.json:2:30: 'lr' of optimizer.sgd is -1"));
}

TEST_F(Mistakes, OnTheCommandLineAreToldByLineAndColumn) {
  const auto said = refused(sweep(""), {.set = {"train.epochs=2", "optimizer.sgd.lr=-1", "trian.epochs=3",
                                                "mix={\"mixup\": {\"alpha\": -2}}"}});
  EXPECT_THAT(said, AllOf(HasSubstr("--set:2:18: 'lr' of optimizer.sgd is -1"),
                          HasSubstr("--set:3:1: unknown key of a recipe 'trian' (did you mean 'train'?)"),
                          HasSubstr("--set:4:25: 'alpha' of mix.mixup is -2")));
}

TEST_F(Mistakes, InTheBaseAreToldOnce) {
  refused(
      R"({"base": {"data": "synthetic", "optimizer": {"sgd": {"lr": -1}}}, "backbones": ["mobilenetv2", "resnet"],
              "factors": {"mix": ["mixup", "cutmix"], "train.epochs": [3]}})");
  EXPECT_EQ(lines().size(), 1u) << said();
}

TEST_F(Mistakes, OfALevelAreToldAtTheLevel) {
  EXPECT_THAT(refused(sweep("\n\"factors\": {\"mix\": [\"mixup\", {\"cutmix\": {\"alpha\": \"x\"}}]}")),
              StartsWith("sweep.json:2:51: 'alpha' of mix.cutmix expects a real number"));
}

TEST_F(Mistakes, OfSectionsThatAreMissingOrDouble) {
  const auto said = refused(R"({"base": {"train": {}}, "backbones": ["mobilenetv2"]})");
  EXPECT_THAT(said, AllOf(HasSubstr("sweep.json:1:10: the recipe has no `data`"),
                          HasSubstr("sweep.json:1:10: the recipe has no `optimizer`")));
  EXPECT_THAT(refused(sweep("", R"("mix": {"mixup": {}, "cutmix": {}})")),
              HasSubstr("`mix` takes one ingredient: both 'mixup' and 'cutmix' are on"));
  EXPECT_THAT(refused(sweep("", R"("schedule": {"cosine": {}, "cosine@b": {}})")),
              HasSubstr("`schedule` takes one ingredient"));
  EXPECT_THAT(refused(R"({"base": )" + recipe() + "}"),
              HasSubstr("no network: the sweep has no `backbones`"));
  EXPECT_THAT(refused(R"({"backbones": ["mobilenetv2"]})"), HasSubstr("the sweep has no `base`"));
  EXPECT_THAT(refused(R"({"base": "no.json", "backbones": ["mobilenetv2"]})"),
              StartsWith("sweep.json:1:10: there is no recipe file"));
}

TEST_F(Mistakes, AnOptimizerIsNeverOff) {
  EXPECT_THAT(refused(sweep(R"("factors": {"optimizer": ["off"]})")),
              HasSubstr("the recipe has no `optimizer`"));
}

TEST_F(Mistakes, RecipesDoNotChain) {
  write("r.json", R"({"base": "other.json", "data": "synthetic", "optimizer": "sgd"})");
  EXPECT_THAT(refused(R"({"base": "r.json", "backbones": ["mobilenetv2"]})"),
              StartsWith("r.json:1:2: a recipe has no `base` of its own: there are no chains"));
}

TEST_F(Mistakes, ANetworkThatCannotBeIsToldWhereItsSizeIs) {
  refused(R"({"base": {"data": {"synthetic": {"size": 8}}, "optimizer": "sgd"},
              "backbones": {"G": {"ghostnetv2": {"stem": "imagenet"}}}})");
  EXPECT_THAT(said(), StartsWith("sweep.json:1:42: backbone.ghostnetv2: "));
  refused(R"({"base": {"data": "synthetic", "optimizer": "sgd"},
              "backbones": {"G": {"ghostnetv2": {"stem": "imagenet"}}}})");
  EXPECT_THAT(said(), StartsWith("sweep.json:2:35: backbone.ghostnetv2: "));
}

TEST_F(Mistakes, RefusedCombinationsNameTheArm) {
  const auto said = refused(sweep(R"("factors": {"schedule": [{"cosine": {"warmup_epochs": 9}}]})"));
  EXPECT_THAT(said,
              AllOf(HasSubstr("schedule.cosine: "), HasSubstr("(arm 'schedule=cosine' on mobilenetv2)")));
  EXPECT_THAT(refused(sweep("", R"("schedule": {"cosine": {"warmup_epochs": 9}})")), Not(HasSubstr("(arm")));
}

TEST_F(Mistakes, AReparameterisationThatFindsNothingIsOne) {
  EXPECT_THAT(refused(sweep("", R"("reparam": {"branches": {"roles": ["cheap"]}})")),
              HasSubstr("reparam.branches finds nothing to change in mobilenetv2"));
}

TEST_F(Mistakes, NamesAreSuggested) {
  EXPECT_THAT(refused(sweep("", R"("augmnt": {})")),
              HasSubstr("unknown key 'augmnt' of a recipe (did you mean 'augment'?)"));
  EXPECT_THAT(refused(sweep(R"("factors": {"optimizer.sgd.momentun": [0.8]})")),
              HasSubstr("unknown parameter of optimizer.sgd 'momentun' (did you mean 'momentum'?)"));
  EXPECT_THAT(refused(sweep(R"("factors": {"schedul": ["cosine"]})")),
              HasSubstr("'schedul' is no path of a recipe (did you mean 'schedule'?)"));
}

TEST_F(Mistakes, NoneIsFoundInAGoodFileWithoutItsData) {
  known_data = false;
  const auto data = R"({"data": {"cifar10": {"path": "${HOME_OF_DATA}"}}, "optimizer": "sgd")";
  EXPECT_THAT(validated(std::string(data) + "}"),
              HasSubstr("file.json:1:31: warning: the environment variable HOME_OF_DATA is not set"));
  EXPECT_TRUE(problems.ok());
  environment["HOME_OF_DATA"] = "/nowhere";
  EXPECT_THAT(validated(R"({"backbones": ["resnet"], "base": )" + std::string(data) + "}}"),
              HasSubstr("warning: data.cifar10: there is no /nowhere"));
  EXPECT_TRUE(problems.ok());
  EXPECT_EQ(asked, 0);
}

TEST_F(Mistakes, ARecipeFileMayNameTeachersOfItsSweep) {
  const auto said = validated(recipe(R"("distill": {"logit": {"teacher": "R56"}})"));
  EXPECT_THAT(said, HasSubstr("warning: the teacher 'R56' must be declared"));
  EXPECT_TRUE(problems.ok());
  EXPECT_THAT(validated(recipe(R"("distill": {"logit": {"teacher": "R56", "temprature": 1}})")),
              HasSubstr("has no parameter 'temprature'"));
  EXPECT_THAT(validated(recipe()), IsEmpty());
}

TEST_F(Mistakes, OfACurriculumThatShowsImagesTooSmallForTheNetworkAreToldWithTheirSize) {
  const auto shown = [](const std::string& size_from) {
    return R"({"name": "s", "backbones": {"G": {"ghostnetv2": {"stem": "imagenet"}}}, "base": )" +
           recipe(R"("curriculum": {"progressive": {"size_from": )" + size_from + "}}") + "}";
  };
  const Overrides large{.set = {"data.synthetic.size=224"}};
  // GhostNet's attention halves the last maps, which have 1/32 of the input: nothing is left of one pixel
  EXPECT_TRUE(plan(shown("0.5"), large)) << said();
  EXPECT_THAT(refused(shown("0.1"), large),
              AllOf(HasSubstr("curriculum.progressive: at 2"), HasSubstr("too small")));
}

}  // namespace
}  // namespace ablate
