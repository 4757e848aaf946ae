#include <gmock/gmock.h>

#include "tests/plan/sweep_folder.h"

namespace ablate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Teachers : public SweepFolder {
 protected:
  std::string with_teachers(const std::string& teachers, const std::string& more = "",
                            const std::string& teacher = "T") {
    return sweep(R"("teachers": )" + teachers + more,
                 R"("distill": {"logit": {"teacher": ")" + teacher + R"("}})");
  }
  std::vector<std::string> teachers_in_order(const Plan& plan) {
    std::vector<std::string> names;
    for (const auto& trajectory : plan.trajectories)
      if (const auto& run = plan.runs.at(trajectory.runs[0]); !run.teacher.empty())
        names.push_back(run.teacher + " " + std::to_string(run.seed));
    return names;
  }
};

TEST_F(Teachers, TrainOnceWithSeedOne) {
  const auto plan =
      planned(with_teachers(R"({"T": {"backbone": {"resnet": {"depth": 20}}}})", R"(, "seeds": [4, 5])"));
  EXPECT_THAT(teachers_in_order(plan), ElementsAre("T 1"));
  const auto& student = plan.runs.at(plan.arms[0].runs[1]);
  const auto& reference = student.spec["recipe"]["distill"]["logit"]["teacher"];
  EXPECT_EQ(reference, (nlohmann::json{{"run", plan.trajectories[0].runs[0]}}));
  EXPECT_THAT(plan.trajectory(student.trajectory)->teachers, ElementsAre(plan.trajectories[0].runs[0]));
  EXPECT_EQ(student.recipe["distill"]["logit"]["teacher"], reference);
}

TEST_F(Teachers, MayFollowTheStudentsSeed) {
  const auto plan =
      planned(with_teachers(R"({"T": {"backbone": "resnet", "seed": "same"}})", R"(, "seeds": [4, 5])"));
  EXPECT_THAT(teachers_in_order(plan), ElementsAre("T 4", "T 5"));
}

TEST_F(Teachers, MayHaveTeachersOfTheirOwn) {
  const auto plan = planned(
      with_teachers(R"({"T": {"backbone": {"resnet": {"depth": 20}}, "distill": {"logit": {"teacher": "TT"}}},
                                              "TT": {"backbone": {"resnet": {"depth": 56}}}})"));
  EXPECT_THAT(teachers_in_order(plan), ElementsAre("TT 1", "T 1"));
  EXPECT_THAT(plan.trajectories[1].teachers, ElementsAre(plan.trajectories[0].runs[0]));
}

TEST_F(Teachers, MayNotTeachInACircle) {
  const auto said =
      refused(with_teachers(R"({"T": {"backbone": "resnet", "distill": {"logit": {"teacher": "U"}}},
    "U": {"backbone": "resnet", "distill": {"logit": {"teacher": "T"}}}})"));
  EXPECT_THAT(said, HasSubstr("teachers in a circle: T -> U -> T"));
}

TEST_F(Teachers, FollowNoFactor) {
  const auto plan = planned(with_teachers(R"({"T": {"backbone": {"resnet": {"depth": 20}}}})",
                                          R"(, "factors": {"train.epochs": [4], "mix": ["mixup"]})"));
  EXPECT_THAT(teachers_in_order(plan), ElementsAre("T 1"));
  EXPECT_EQ(plan.runs.size(), 4u);
}

TEST_F(Teachers, FollowTheCommandLine) {
  const auto plan = planned(with_teachers(R"({"T": {"backbone": {"resnet": {"depth": 20}}}})"),
                            {.set = {"train.epochs=1"}});
  EXPECT_EQ(plan.runs.at(plan.trajectories[0].runs[0]).recipe["train"]["epochs"], 1);
}

TEST_F(Teachers, KeepTheBasesData) {
  EXPECT_THAT(refused(with_teachers(R"({"T": {"backbone": "resnet", "set": {"data": "cifar100"}}})")),
              HasSubstr("a teacher learns from the base's data"));
}

TEST_F(Teachers, MustBeKnownByName) {
  const auto said = refused(with_teachers(R"({"R110": {"backbone": "resnet"}})", "", "R10"));
  EXPECT_THAT(said, HasSubstr("unknown teacher 'R10' (did you mean 'R110'?)"));
}

TEST_F(Teachers, ThatNobodyAsksAreWarnedOf) {
  const auto plan = planned(sweep(R"("teachers": {"T": {"backbone": "resnet"}})"));
  EXPECT_EQ(plan.runs.size(), 1u);
  EXPECT_THAT(said(), HasSubstr("warning: no arm learns from the teacher 'T'"));
}

TEST_F(Teachers, OfAnIngredientThatIsNeutralAreNotTrained) {
  const auto plan =
      planned(sweep(R"("teachers": {"T": {"backbone": "resnet"}})",
                    R"("distill": {"logit": {"teacher": "T", "kd_weight": 0, "ce_weight": 1}})"));
  EXPECT_EQ(plan.runs.size(), 1u);
}

TEST_F(Teachers, ThatNormaliseDifferentlySaySoInTheKey) {
  weights["t.safetensors"] = sha256("t");
  const auto teacher = [&](const std::string& set) {
    const auto plan = planned(
        with_teachers(R"({"T": {"backbone": "resnet", "weights": "t.safetensors", "set": )" + set + "}}"));
    return plan.runs.begin()->second.spec["recipe"]["distill"]["logit"]["teacher"];
  };
  EXPECT_FALSE(teacher("{}").contains("mean"));
  EXPECT_EQ(teacher(R"({"data.synthetic.mean": [0.1, 0.2, 0.3]})")["mean"], (nlohmann::json{0.1, 0.2, 0.3}));
}

TEST_F(Teachers, ThatSeeAnotherSizeSaySoInTheKey) {
  weights["t.safetensors"] = sha256("t");
  const auto plan = planned(with_teachers(
      R"({"T": {"backbone": "resnet", "weights": "t.safetensors", "set": {"data.synthetic.size": 64}}})"));
  const auto teacher = plan.runs.begin()->second.spec["recipe"]["distill"]["logit"]["teacher"];
  EXPECT_EQ(teacher["size"], 64);
  EXPECT_EQ(plan.trajectories[0].file_teachers.at(canonical(teacher))["size"], 64);
}

TEST_F(Teachers, MayBeModulesWithTheirOwnNetwork) {
  weights["beit.pt"] = sha256("beit");
  const auto plan =
      planned(with_teachers(R"({"T": {"module": "beit.pt", "set": {"data.synthetic.size": 64}}})"));
  const auto teacher = plan.runs.begin()->second.spec["recipe"]["distill"]["logit"]["teacher"];
  EXPECT_EQ(teacher, (nlohmann::json{{"module", sha256("beit")}, {"size", 64}}));
  const auto& source = plan.trajectories[0].file_teachers.at(canonical(teacher));
  EXPECT_THAT(source["path"].get<std::string>(), HasSubstr("beit.pt"));
  EXPECT_FALSE(source.contains("backbone"));
}

TEST_F(Teachers, AreNamedWhenAModuleIsGivenANetworkToo) {
  const auto said = refused(with_teachers(R"({"T": {"module": "beit.pt", "backbone": "resnet"}})"));
  EXPECT_THAT(said, HasSubstr("a teacher with `module` brings its own network"));
}

TEST_F(Teachers, MayBeFilesOfWhatWasSaidOfFixedViews) {
  weights["beit.safetensors"] = sha256("beit");
  const std::string teachers = R"({"T": {"outputs": "beit.safetensors"}})";
  const auto plan = planned(sweep(R"("teachers": )" + teachers,
                                  R"("distill": {"logit": {"teacher": "T"}}, "curriculum": "reinforced")"));
  const auto teacher = plan.runs.begin()->second.spec["recipe"]["distill"]["logit"]["teacher"];
  EXPECT_EQ(teacher, (nlohmann::json{{"outputs", sha256("beit")}}));
  EXPECT_EQ(plan.trajectories[0].file_teachers.at(canonical(teacher))["outputs"], true);
  EXPECT_THAT(refused(with_teachers(teachers)), HasSubstr("switch curriculum.reinforced on"));
}

TEST_F(Teachers, ThatSaidEverythingAlreadyTakeNoNetworkAndNoSettings) {
  const auto said = refused(with_teachers(
      R"({"T": {"outputs": "beit.safetensors", "backbone": "resnet", "set": {"train.epochs": 3}}})"));
  EXPECT_THAT(said, HasSubstr("take `backbone` out"));
  EXPECT_THAT(said, HasSubstr("take `set` out"));
}

TEST_F(Teachers, MayBeAnEarlierGenerationOfTheStudent) {
  const auto plan =
      planned(R"({"name": "s", "base": )" + recipe(R"("distill": {"logit": {"teacher": "Earlier"}})") +
              R"(, "backbones": {"M": {"mobilenetv2": {"width": 0.5}}, "R": {"resnet": {"depth": 20}}},
          "teachers": {"Earlier": {"backbone": "student"}}, "factors": {"backbone.mobilenetv2.width": [0.75]}})");
  std::map<std::string, nlohmann::json> networks;  // of teachers, by key
  for (const auto& [key, run] : plan.runs)
    if (!run.teacher.empty()) networks[key] = run.recipe["backbone"];
  EXPECT_EQ(networks.size(), 3u);
  for (const auto& arm : plan.arms) {
    const auto& student = plan.runs.at(arm.runs[0]).recipe;
    EXPECT_EQ(networks.at(student["distill"]["logit"]["teacher"]["run"]), student["backbone"]) << arm.label;
  }
}

TEST_F(Teachers, OfGenerationsMayFollowEachOther) {
  const auto plan = planned(with_teachers(
      R"({"First": {"backbone": "student"},
          "T": {"backbone": "student", "distill": {"logit": {"teacher": "First"}}}})"));
  EXPECT_THAT(teachers_in_order(plan), ElementsAre("First 1", "T 1"));
  EXPECT_THAT(
      refused(with_teachers(R"({"T": {"backbone": "student", "distill": {"logit": {"teacher": "T"}}}})")),
      HasSubstr("teachers in a circle: T -> T"));
}

TEST_F(Teachers, MayTeachTogether) {
  const auto plan = planned(sweep(
      R"("teachers": {"T": {"backbone": {"resnet": {"depth": 20}}}, "U": {"backbone": {"resnet": {"depth": 56}}},
               "V": {"backbone": {"resnet": {"depth": 32}}}})",
      R"("distill": {"logit": {"teacher": "T", "teachers": ["U", "V"]}})"));
  EXPECT_THAT(teachers_in_order(plan), ElementsAre("T 1", "U 1", "V 1"));
  const auto& student = plan.runs.at(plan.arms[0].runs[0]);
  const auto run_of = [&](int i) { return nlohmann::json{{"run", plan.trajectories[i].runs[0]}}; };
  for (const auto& recipe : {student.recipe, student.spec["recipe"]}) {
    EXPECT_EQ(recipe["distill"]["logit"]["teacher"], run_of(0));
    EXPECT_EQ(recipe["distill"]["logit"]["teachers"], (nlohmann::json{run_of(1), run_of(2)}));
  }
  EXPECT_EQ(plan.trajectory(student.trajectory)->teachers.size(), 3u);
}

TEST_F(Teachers, OfAListMustBeKnownAndStandThereOnce) {
  const auto with_list = [&](const std::string& list) {
    return refused(sweep(R"("teachers": {"T": {"backbone": "resnet"}})",
                         R"("distill": {"logit": {"teacher": "T", "teachers": [)" + list + "]}}"));
  };
  EXPECT_THAT(with_list(R"("R10")"), HasSubstr("unknown teacher 'R10'"));
  EXPECT_THAT(with_list(R"("T")"), HasSubstr("it names a teacher twice"));
}

TEST_F(Teachers, MustKnowTheStudentsClasses) {
  const auto said =
      refused(with_teachers(R"({"T": {"backbone": "resnet", "set": {"data.synthetic.classes": 7}}})"));
  EXPECT_THAT(said, HasSubstr("the teacher 'T' knows 7 classes and its student 10"));
}

}  // namespace
}  // namespace ablate
