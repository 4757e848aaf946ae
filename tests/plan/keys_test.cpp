#include <gmock/gmock.h>

#include "harness/data/corruptions.h"
#include "ingredients/catalogue.h"
#include "tests/plan/sweep_folder.h"

namespace ablate {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Keys : public SweepFolder {
 protected:
  std::string key_of(const std::string& text, std::size_t arm = 0) {
    const auto plan = planned(text);
    return plan.arms.size() > arm && !plan.arms[arm].runs.empty() ? plan.arms[arm].runs[0] : "";
  }
};

TEST_F(Keys, AreTheDigestOfTheCanonicalSpec) {
  // python3 -c 'import hashlib, json
  // data = hashlib.sha256(b"data synthetic").hexdigest()
  // spec = {"recipe": {"backbone": {"mobilenetv2": {"stem": "cifar"}}, "data": {"synthetic": {"fingerprint":
  // data}},
  //   "optimizer": {"sgd": {"lr": 0.25}}, "train": {"batch": 64, "epochs": 2}}, "seed": 1,
  //   "versions": {"backbone.mobilenetv2": 1, "data.synthetic": 1, "optimizer.sgd": 1, "trainer": 2}}
  // print(hashlib.sha256(json.dumps(spec, sort_keys=True, separators=(",", ":")).encode()).hexdigest())'
  const std::string golden = "b0bb02438cca99e85686f4e59789fea8e09af200c4ec30e4e2230f6cdd3ae025";
  const auto plan =
      planned(R"({"name": "golden", "backbones": ["mobilenetv2"], "seeds": 1, "base": {"data": "synthetic",
      "train": {"epochs": 2, "batch": 64}, "optimizer": {"sgd": {"lr": 0.25}}}})");
  ASSERT_EQ(plan.arms.size(), 1u);
  EXPECT_EQ(plan.arms[0].runs[0], golden) << plan.runs.begin()->second.spec.dump(2);
  EXPECT_EQ(plan.trajectories[0].key, golden);
}

TEST_F(Keys, DoNotDependOnLabelsOrderOrSpelling) {
  const auto plain =
      key_of(R"({"name": "a", "base": {"data": "synthetic", "optimizer": {"sgd": {"lr": 1, "momentum": 0.9}},
      "augment": {"crop": {"padding": 2}, "flip": {}}}, "backbones": ["mobilenetv2"]})");
  const auto other = key_of(
      R"({"backbones": {"Mobile": {"mobilenetv2": {"stem": "auto"}}}, "title": "x", "keep": "none", "base": {
      "augment": {"flip": {}, "crop": {"padding": 2}}, "optimizer": {"sgd": {"momentum": 0.90, "lr": 1.0}},
      "data": {"synthetic": {}}, "train": {}, "mix": "off"}, "name": "b"})");
  EXPECT_EQ(plain, other);
}

TEST_F(Keys, HoldThreadsUnderTheReferenceExecutorOnly) {
  const auto with = [&](const std::string& train) {
    return planned(R"({"name": "a", "base": {"data": "synthetic", "optimizer": "sgd", "train": )" + train +
                   R"(}, "backbones": ["mobilenetv2"]})");
  };
  const auto one = with("{}"), two = with(R"({"threads": 2})");
  EXPECT_EQ(one.trajectories[0].key, two.trajectories[0].key) << "the same bits";
  EXPECT_EQ(two.trajectories[0].threads, 2);
  EXPECT_NE(with(R"({"executor": "reference"})").trajectories[0].key,
            with(R"({"executor": "reference", "threads": 2})").trajectories[0].key);
}

TEST_F(Keys, HoldCorruptionsByTheirNames) {
  const auto spoilt_by = [&](const nlohmann::json& corruptions) {
    const nlohmann::json base{
        {"data", "synthetic"}, {"optimizer", "sgd"}, {"evaluate", {{"corruptions", corruptions}}}};
    return planned(nlohmann::json{{"name", "a"}, {"base", base}, {"backbones", {"mobilenetv2"}}}.dump());
  };
  const auto key = [&](const nlohmann::json& corruptions) { return spoilt_by(corruptions).arms[0].runs[0]; };
  EXPECT_EQ(key({"fog", "snow"}), key({"snow", "fog", "snow"}));
  EXPECT_EQ(key({"all"}), key(corruption_names())) << "what all stands for today";
  const auto spec = spoilt_by({"all"}).runs.begin()->second.spec;
  EXPECT_EQ(spec.at("recipe").at("evaluate").at("corruptions"), nlohmann::json(corruption_names()));
}

TEST_F(Keys, DoNotDependOnWhereFilesLie) {
  const auto sweep_at = [&](const std::string& folder, const std::string& data) {
    write(folder + "/recipe.json",
          R"({"data": {"cifar10": {"path": ")" + data + R"("}}, "optimizer": "sgd"})");
    const auto plan =
        plan_file(write(folder + "/sweep.json", R"({"base": "recipe.json", "backbones": ["mobilenetv2"]})"));
    EXPECT_TRUE(plan) << problems.text();
    return *plan;
  };
  const auto here = sweep_at("here", "cifar"), there = sweep_at("there", "/elsewhere/cifar");
  EXPECT_EQ(here.arms[0].runs, there.arms[0].runs);
  EXPECT_EQ(here.trajectories[0].data_settings["path"], (root / "here/cifar").string());
  EXPECT_EQ(there.trajectories[0].data_settings["path"], "/elsewhere/cifar");
  EXPECT_FALSE(here.arms[0].recipe["data"]["cifar10"].contains("path"));
}

TEST_F(Keys, ANeutralIngredientIsTheArmWithoutIt) {
  EXPECT_EQ(key_of(sweep("", R"("mix": {"mixup": {"alpha": 0}})")), key_of(sweep("")));
  EXPECT_NE(key_of(sweep("", R"("mix": {"mixup": {"alpha": 0.2}})")), key_of(sweep("")));
  EXPECT_EQ(key_of(sweep("", R"("schedule": "constant")")), key_of(sweep("")));
}

TEST_F(Keys, AFactorThatReachesNeutralSharesTheRunsOfOff) {
  const auto plan =
      planned(sweep(R"("factors": {"mix": ["off"], "mix.mixup.alpha": [0, 0.4]})", R"("mix": "mixup")"));
  ASSERT_EQ(plan.arms.size(), 4u);
  EXPECT_EQ(plan.arms[1].runs, plan.arms[2].runs);
  EXPECT_THAT(plan.notes,
              Contains(HasSubstr("the same runs, trained once: 'mix=off'; 'alpha=0' on mobilenetv2")));
}

TEST_F(Keys, OneNetworkUnderTwoNamesSharesItsRunsAndTheNoteNamesBoth) {
  const auto plan = planned(R"({"name": "s", "base": )" + recipe("") +
                            R"(, "backbones": {"A": "mobilenetv2", "B": "mobilenetv2"}})");
  ASSERT_EQ(plan.arms.size(), 2u);
  EXPECT_EQ(plan.arms[0].runs, plan.arms[1].runs);
  EXPECT_THAT(plan.notes,
              Contains(HasSubstr("the same runs, trained once: 'reference' on A; 'reference' on B")));
}

TEST_F(Keys, SeedsAndWhatIsComputedAreInThem) {
  const auto plan =
      planned(sweep(R"("seeds": [3, 5], "factors": {"train.batch": [32], "optimizer.sgd.lr": [0.2]})"));
  EXPECT_EQ(plan.runs.size(), 6u);
  EXPECT_EQ(plan.runs.at(plan.arms[0].runs[1]).spec["seed"], 5);
}

TEST_F(Keys, MoreSeedsKeepThoseThatAreThere) {
  const auto few = planned(sweep(R"("seeds": 2)")), many = planned(sweep(R"("seeds": 4)"));
  EXPECT_EQ(few.arms[0].runs, std::vector(many.arms[0].runs.begin(), many.arms[0].runs.begin() + 2));
}

TEST_F(Keys, PassiveIngredientsAreNotInTheTrajectorys) {
  const auto plan = planned(sweep(R"("factors": {"average": ["ema"]})"));
  ASSERT_EQ(plan.arms.size(), 2u);
  EXPECT_NE(plan.arms[0].runs, plan.arms[1].runs);
  ASSERT_EQ(plan.trajectories.size(), 1u);
  EXPECT_EQ(plan.trajectories[0].runs.size(), 2u);
  EXPECT_EQ(plan.trajectories[0].key, plan.arms[0].runs[0]);
  EXPECT_FALSE(plan.trajectories[0].spec["versions"].contains("average.ema"));
  EXPECT_EQ(plan.runs.at(plan.arms[1].runs[0]).spec["versions"]["average.ema"],
            find_ingredient("average", "ema")->version);
}

TEST_F(Keys, ArePendingWhileTheDataIsNotKnown) {
  known_data = false;
  const auto plan = planned(sweep(R"("factors": {"mix": ["mixup"], "average": ["ema"]}, "seeds": 2)"));
  EXPECT_TRUE(plan.pending);
  EXPECT_EQ(plan.pending_runs, 6u);
  EXPECT_EQ(plan.pending_trajectories, 4u);
  EXPECT_TRUE(plan.runs.empty());
  EXPECT_EQ(plan.arms[1].runs, (std::vector<std::string>{"", ""}));
}

TEST_F(Keys, ArePendingWhileClassesAreNotKnown) {
  const auto text =
      R"({"base": {"data": {"folder": {"path": "."}}, "optimizer": "sgd"}, "backbones": ["mobilenetv2"]})";
  EXPECT_TRUE(planned(text).pending);
  world.data = [](const std::string&, const nlohmann::json&) { return DataIdentity{sha256("x"), 6}; };
  EXPECT_FALSE(planned(text).pending);
}

TEST_F(Keys, InitialWeightsAreKnownByTheirDigest) {
  const auto text = sweep(R"("factors": {"train.init": ["w.safetensors"]})");
  const auto without = planned(text);
  EXPECT_TRUE(without.pending);
  EXPECT_THAT(said(), HasSubstr("cannot read the weights"));
  weights["w.safetensors"] = sha256("w");
  const auto plan = planned(text);
  EXPECT_EQ(plan.runs.at(plan.arms[1].runs[0]).spec["recipe"]["train"]["init"], sha256("w"));
  EXPECT_EQ(plan.trajectory(plan.arms[1].runs[0])->init, (root / "w.safetensors").string());
}

TEST_F(Keys, MissingDataIsAWarningUntilItIsNeeded) {
  known_data = false;
  const std::string text =
      R"({"base": {"data": {"cifar10": {"path": "${NOWHERE}/cifar"}}, "optimizer": "sgd"}, "backbones": ["mobilenetv2"]})";
  EXPECT_TRUE(planned(text).pending);
  EXPECT_THAT(said(), HasSubstr("sweep.json:1:40: warning: the environment variable NOWHERE is not set"));
  EXPECT_THAT(refused(text, {.must_exist = true}),
              HasSubstr("sweep.json:1:40: the environment variable NOWHERE is not set"));
  environment["NOWHERE"] = "/not/there";
  EXPECT_TRUE(planned(text).pending);
  EXPECT_THAT(said(), HasSubstr("sweep.json:1:40: warning: data.cifar10: there is no /not/there/cifar"));
  EXPECT_THAT(refused(text, {.must_exist = true}),
              StartsWith("sweep.json:1:40: data.cifar10: there is no /not/there/cifar"));
}

TEST_F(Keys, StoredPlansReadBackAsTheyWere) {
  const auto plan = planned(sweep(R"("factors": {"mix": ["mixup"]}, "seeds": 2)"));
  const auto stored = to_json(plan);
  EXPECT_EQ(to_json(plan_from(stored)), stored);
  EXPECT_EQ(stored["version"], 1);
  EXPECT_EQ(stored["arms"][1]["levels"], (nlohmann::json{{"mix", "mixup"}}));
  EXPECT_EQ(stored["tables"][0]["arms"], (nlohmann::json{0, 1}));
  EXPECT_THROW(plan_from(nlohmann::json{{"version", 1}}), Error);
}

TEST_F(Keys, TheSweepsDigestCoversTheRecipeFileAndTheCommandLine) {
  const std::string text = R"({"base": "r.json", "backbones": ["mobilenetv2"]})";
  write("r.json", recipe());
  const auto first = planned(text).digest;
  EXPECT_NE(planned(text, {.set = {"train.epochs=5"}}).digest, first);
  write("r.json", recipe(R"("mix": "mixup")"));
  EXPECT_NE(planned(text).digest, first);
}

}  // namespace
}  // namespace ablate
