#include <gtest/gtest.h>

#include <map>

#include <ATen/ATen.h>

#include "ingredients/distill/features.h"
#include "tests/graph/fixture.h"
#include "tests/ingredients/loss_support.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

using nlohmann::json;

/// What of ours a loss of the fixture is, and with which settings.
struct Counterpart {
  std::string name;
  json settings;
};

Counterpart counterpart(const std::string& loss, const json& params) {
  if (loss == "at") return {"distill.attention", {{"power", params.at("p")}}};
  if (loss == "sp") return {"distill.similarity", json::object()};
  if (loss == "fitnet_mse") return {"distill.hint", json::object()};
  if (loss == "pkt") return {"distill.pkt", json::object()};
  if (loss == "rkd")
    return {"distill.relational",
            {{"distance_weight", params.at("distance_weight")}, {"angle_weight", params.at("angle_weight")}}};
  if (loss == "rkd_distance") return {"distill.relational", {{"distance_weight", 1}, {"angle_weight", 0}}};
  if (loss == "rkd_angle") return {"distill.relational", {{"distance_weight", 0}, {"angle_weight", 1}}};
  return {};
}

/// Only the loss is asked: nothing is started, for that needs two networks.
at::Tensor loss_between(Counterpart ours, const at::Tensor& student, const at::Tensor& teacher) {
  ours.settings["teacher"] = teacher_ref("T");
  const auto ingredient = make(ours.name, ours.settings);
  return dynamic_cast<ingredients::FeatureDistillation&>(*ingredient).loss(student, teacher);
}

void expect_map_gradient(const at::Tensor& gradient, const json& one) {
  const auto values = values_of(gradient);
  const auto expected =
      (one.contains("grad") ? one["grad"] : one.at("grad_first")).get<std::vector<double>>();
  ASSERT_FALSE(expected.empty());
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(values[i], expected[i], 1e-9) << "element " << i;
  EXPECT_NEAR(gradient.norm().item<double>(), one.at("grad_l2").get<double>(), 1e-9);
  EXPECT_NEAR(gradient.abs().sum().item<double>(), one.at("grad_sum_abs").get<double>(), 1e-9);
}

TEST(FeaturesFixture, ReproduceValuesAndGradients) {
  const auto fixture = read_fixture(fixture_folder() / "losses.json");
  ASSERT_FALSE(fixture.at("feature_cases").empty());
  for (const auto& one : fixture.at("feature_cases")) {
    const std::string loss = one.at("loss"), name = one.at("features");
    SCOPED_TRACE(loss + " on " + name + " " + one.at("params").dump());
    const auto ours = counterpart(loss, one.at("params"));
    if (ours.name.empty()) {
      ADD_FAILURE() << "no ingredient covers the loss '" << loss << "'";
      continue;
    }
    const auto& maps = fixture.at("features").at(name);
    auto student = filled(maps.at("student_shape"), maps.at("stream_student")).requires_grad_();
    const auto teacher = filled(maps.at("teacher_shape"), maps.at("stream_teacher"));
    const auto value = loss_between(ours, student, teacher);
    const double expected = one.at("value");
    EXPECT_NEAR(value.item<double>(), expected, 1e-9 * std::max(1.0, std::abs(expected)));
    value.backward();
    expect_map_gradient(student.grad(), one);
  }
}

}  // namespace
}  // namespace ablate::test
