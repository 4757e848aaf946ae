#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/graph/fixture.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

/// Settings for a case of plain SGD; null for one that another ingredient must reproduce.
nlohmann::json sgd_settings(const nlohmann::json& fixture) {
  static const std::vector<std::string> plain{"sgd",
                                              "sgd_momentum",
                                              "sgd_momentum_lr_halved",
                                              "sgd_nesterov",
                                              "sgd_nesterov_coupled_decay",
                                              "sgd_nesterov_coupled_decay_no_1d",
                                              "sgd_momentum_dampening"};
  if (std::find(plain.begin(), plain.end(), fixture.at("name")) == plain.end()) return nullptr;
  const auto& given = fixture.at("params");
  return {{"lr", 1.0},
          {"momentum", given.value("momentum", 0.0)},
          {"nesterov", given.value("nesterov", false)},
          {"dampening", given.value("dampening", 0.0)},
          {"weight_decay", given.value("weight_decay", 0.0)}};
}

/// The student's set, with tensors of one dimension left out of the decay when `no_1d` says so.
std::vector<ParameterSet> sets_of(Weights& weights, bool no_1d) {
  ParameterSet set{"student", weights.trained(), weights.gradients(), &weights.segments(), {}, {}};
  for (const auto& entry : weights.entries()) {
    set.lr_scale.push_back(1);
    set.decay_scale.push_back(no_1d && entry.tensor.dim() == 1 ? 0 : 1);
  }
  return {set};
}

void run_case(const ToyProblem& problem, const nlohmann::json& fixture) {
  const auto optimizer = make("optimizer.sgd", sgd_settings(fixture));
  const std::string name = fixture.at("name");
  auto weights = problem.start();
  auto sets = sets_of(weights, name.ends_with("no_1d"));
  for (int t = 0; t < int(fixture.at("lr").size()); ++t) {
    problem.gradient(weights, t);
    Update update{.at = {}, .rates = {.lr_factor = fixture["lr"][t]}, .sets = sets};
    optimizer->apply(update);
    expect_trace(weights, fixture.at("trace")[t], name + ", step " + std::to_string(t));
  }
  expect_final(weights, fixture.at("final"), name);
}

TEST(SgdFixture, ReproducesEveryTrajectoryOfPlainSgd) {
  const auto fixture = read_fixture(fixture_folder() / "optimizers.json");
  const ToyProblem problem(fixture);
  int cases = 0;
  for (const auto& one : fixture.at("optimizers"))
    if (!sgd_settings(one).is_null()) {
      run_case(problem, one);
      ++cases;
    }
  EXPECT_EQ(cases, 7);
}

TEST(Sgd, ScalesTheRateOfASegment) {
  const ToyProblem problem(read_fixture(fixture_folder() / "optimizers.json"));
  auto moved = problem.start(), untouched = problem.start();
  auto sets = sets_of(moved, false);
  sets[0].lr_scale[1] = 0;
  problem.gradient(moved, 0);
  Update update{.at = {}, .rates = {}, .sets = sets};
  make("optimizer.sgd")->apply(update);
  for (std::size_t j = 0; j < moved.entries().size(); ++j)
    EXPECT_EQ(at::equal(moved.entries()[j].tensor, untouched.entries()[j].tensor), j == 1) << "tensor " << j;
}

TEST(Sgd, GoesOnFromItsArchiveAsIfNothingHadHappened) {
  const ToyProblem problem(read_fixture(fixture_folder() / "optimizers.json"));
  auto weights = problem.start();
  auto sets = sets_of(weights, false);
  auto first = make("optimizer.sgd");
  const auto step = [&](Ingredient& optimizer, int t) {
    problem.gradient(weights, t);
    Update update{.at = {}, .rates = {}, .sets = sets};
    optimizer.apply(update);
  };
  step(*first, 0);
  Archive archive;
  first->save(archive);
  for (auto& [name, tensor] : archive.tensors) tensor = tensor.clone();
  const auto before = weights.trained().clone();
  step(*first, 1);
  const auto undisturbed = weights.trained().clone();
  weights.trained().copy_(before);
  const auto second = make("optimizer.sgd");
  second->load(archive);
  step(*second, 1);
  EXPECT_TRUE(at::equal(weights.trained(), undisturbed));
  EXPECT_EQ(second->counters().at("updates"), 2);
}

}  // namespace
}  // namespace ablate::test
