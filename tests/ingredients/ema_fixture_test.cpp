#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "ingredients/average/decay.h"
#include "tests/graph/fixture.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

using ingredients::tensorflow_decay;
using ingredients::timm_decay;

TEST(EmaFixture, ReproducesTimmsDecays) {
  const auto decays = read_fixture(fixture_folder() / "optimizers.json").at("ema_decays");
  for (const std::string name : {"timm_v3_warmup", "timm_v3_warmup_b"}) {
    const auto& one = decays.at(name);
    for (std::size_t i = 0; i < one.at("argument").size(); ++i) {
      const std::int64_t step = one["argument"][i];  // counted from 1
      const double ours = timm_decay(one.at("decay"), step - 1, one.at("gamma"), one.at("power"),
                                     one.value("min_decay", 0.0));
      EXPECT_NEAR(ours, one.at("values")[i].get<double>(), 1e-9) << name << ", update " << step;
    }
  }
}

TEST(EmaFixture, ReproducesTensorFlowsDecays) {
  const auto one = read_fixture(fixture_folder() / "optimizers.json").at("ema_decays").at("tf");
  for (std::size_t i = 0; i < one.at("argument").size(); ++i)
    EXPECT_NEAR(tensorflow_decay(one.at("decay"), one["argument"][i]), one.at("values")[i].get<double>(),
                1e-9);
}

/// Settings of an average of the fixture; null for one that is no rule of ours.
nlohmann::json ema_settings(const std::string& name) {
  if (name == "constant_0.9") return {{"decay", 0.9}, {"warmup", "none"}};
  if (name == "timm_v3_warmup") return {{"decay", 0.9999}, {"warmup", "timm"}};
  if (name == "tf_0.999") return {{"decay", 0.999}, {"warmup", "tensorflow"}};
  return nullptr;
}

TEST(EmaFixture, ReproducesTheAveragesOfARun) {
  const auto fixture = read_fixture(fixture_folder() / "optimizers.json");
  const ToyProblem problem(fixture);
  int cases = 0;
  for (const auto& one : fixture.at("averages")) {
    const std::string name = one.at("name");
    if (ema_settings(name).is_null()) continue;
    ++cases;
    FakeSetup setup("average.ema", problem.start());
    FakeStudent student(problem.start());
    const auto ema = make("average.ema", ema_settings(name));
    const auto optimizer =
        make("optimizer.sgd", {{"lr", 0.1}, {"momentum", 0.9}, {"nesterov", false}, {"weight_decay", 0.0}});
    ema->begin(setup);
    EXPECT_EQ(ema->average(), nullptr) << "before the first update there is no average";
    auto& weights = student.weights();
    std::vector<ParameterSet> sets{
        {"student", weights.trained(), weights.gradients(), &weights.segments(), {}, {}}};
    for (int t = 0; t < int(one.at("trace").size()); ++t) {
      problem.gradient(weights, t);
      Update update{.at = {}, .rates = {}, .sets = sets};
      optimizer->apply(update);
      ema->after_step(student, {});
      expect_trace(*ema->average(), one["trace"][t], name + ", step " + std::to_string(t));
    }
    expect_final(*ema->average(), one.at("final"), name);
  }
  EXPECT_EQ(cases, 3);
}

TEST(Ema, IsTheWeightsThemselvesAtDecayZero) {
  const ToyProblem problem(read_fixture(fixture_folder() / "optimizers.json"));
  FakeSetup setup("average.ema", problem.start());
  FakeStudent student(problem.start());
  student.weights().trained().add_(0.3);
  for (const std::string warmup : {"none", "timm", "tensorflow"}) {
    const auto ema = make("average.ema", {{"decay", 0.0}, {"warmup", warmup}});
    ema->begin(setup);
    ema->after_step(student, {});
    EXPECT_TRUE(at::equal(ema->average()->trained(), student.weights().trained())) << warmup;
  }
}

TEST(Ema, WaitsForItsWindow) {
  const ToyProblem problem(read_fixture(fixture_folder() / "optimizers.json"));
  FakeSetup setup("average.ema", problem.start());
  FakeStudent student(problem.start());
  const auto ema = make("average.ema", {{"active", {0.5, 1.0}}});
  ema->begin(setup);
  ema->after_step(student, {.epoch = 0, .epochs = 2});
  EXPECT_EQ(ema->average(), nullptr);
  ema->after_step(student, {.epoch = 1, .epochs = 2});
  EXPECT_NE(ema->average(), nullptr);
}

}  // namespace
}  // namespace ablate::test
