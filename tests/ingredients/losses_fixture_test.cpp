#include <gtest/gtest.h>

#include <functional>

#include <ATen/ATen.h>

#include "harness/core/canonical.h"
#include "tests/graph/fixture.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

const nlohmann::json kTeacher{{"run", "fixture"}};

/// Logits of a set: written out, or filled.
at::Tensor logits_of(const nlohmann::json& set, const std::string& who) {
  const auto shape = set.at("shape").get<std::vector<std::int64_t>>();
  std::vector<double> values;
  if (set.contains(who)) {
    for (const auto& row : set[who]) values.insert(values.end(), row.begin(), row.end());
  } else {
    const auto& fill = set.at("fill");
    const double scale = fill.at("scale_" + who);
    for (std::int64_t i = 0; i < shape[0] * shape[1]; ++i) {
      const double product = scale * signed_fill(fill.at("stream_" + who), std::uint64_t(i));
      values.push_back(static_cast<float>(product));
    }
  }
  return tensor_of(values, shape);
}

at::Tensor one_hot(const nlohmann::json& set) {
  auto targets = at::zeros(set.at("shape").get<std::vector<std::int64_t>>(), at::kDouble);
  for (std::size_t n = 0; n < set.at("labels").size(); ++n)
    targets[std::int64_t(n)][set["labels"][n].get<std::int64_t>()] = 1;
  return targets;
}

at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& targets) {
  return (targets * at::log_softmax(logits, 1)).sum() * (-1.0 / double(logits.size(0)));
}

/// What distill.logit with these settings adds, and the task term with its weight when `with_task`.
at::Tensor distilled(const at::Tensor& student, const nlohmann::json& set, nlohmann::json settings,
                     bool with_task) {
  settings["teacher"] = kTeacher;
  const auto ingredient = entry_of("distill.logit").make(settings);
  begin(*ingredient, "distill.logit");
  FakeStudent network{Weights{}};
  const Batch batch{.images = {}, .targets = one_hot(set), .labels = {}, .ids = {}};
  const Output output{student, {}};
  const std::map<std::string, Output> teachers{{canonical(kTeacher), {logits_of(set, "teacher"), {}}}};
  const Progress at{};
  const Pass pass{};
  Loss loss;
  if (with_task) loss.add("task", ingredient->task_weight().value(), cross_entropy(student, batch.targets));
  ingredient->add_loss({at, batch, output, teachers, network, pass}, loss);
  return loss.total();
}

/// The loss of a fixture as our ingredients make it; an undefined tensor for one of another ingredient.
at::Tensor value_of(const nlohmann::json& one, const nlohmann::json& set, const at::Tensor& student) {
  const std::string loss = one.at("loss");
  const auto& given = one.at("params");
  if (loss == "ce_label_smoothing") {
    const auto smoothing = make("loss.label_smoothing", {{"epsilon", given.at("smoothing")}});
    Batch batch{.images = {}, .targets = one_hot(set), .labels = {}, .ids = {}};
    smoothing->transform_batch(batch, {});
    return cross_entropy(student, batch.targets);
  }
  if (loss == "hinton_kd")
    return distilled(student, set, {{"temperature", given.at("T")}, {"kd_weight", 1.0}}, false);
  if (loss == "hinton_total")
    return distilled(student, set,
                     {{"temperature", given.at("T")},
                      {"kd_weight", given.at("kd_weight")},
                      {"ce_weight", given.at("ce_weight")}},
                     true);
  const nlohmann::json ghostnet{
      {"temperature", 1.0}, {"kd_weight", 1.0}, {"ce_weight", 1.0}, {"form", "cross_entropy"}};
  if (loss == "ghostnetv3_soft") return distilled(student, set, ghostnet, false);
  if (loss == "ghostnetv3_total") return distilled(student, set, ghostnet, true);
  return {};
}

void expect_gradient(const at::Tensor& gradient, const nlohmann::json& one) {
  const auto values = values_of(gradient);
  std::vector<double> expected;
  const auto& stored = one.contains("grad") ? one["grad"] : one.at("grad_row0");
  for (const auto& row : stored)
    if (row.is_array())
      expected.insert(expected.end(), row.begin(), row.end());
    else
      expected.push_back(row);
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(values[i], expected[i], 1e-10) << "element " << i;
  if (!one.contains("grad_l2")) return;
  EXPECT_NEAR(gradient.norm().item<double>(), one["grad_l2"].get<double>(), 1e-10);
  EXPECT_NEAR(gradient.abs().sum().item<double>(), one["grad_sum_abs"].get<double>(), 1e-9);
}

TEST(LossesFixture, ReproduceValuesAndGradients) {
  const auto fixture = read_fixture(fixture_folder() / "losses.json");
  int cases = 0;
  for (const auto& one : fixture.at("cases")) {
    const auto& set = fixture.at("sets").at(one.at("set").get<std::string>());
    SCOPED_TRACE(one.at("loss").get<std::string>() + " on " + one.at("set").get<std::string>() + " " +
                 one.at("params").dump());
    auto student = logits_of(set, "student").requires_grad_();
    const auto value = value_of(one, set, student);
    if (!value.defined()) continue;
    ++cases;
    const double expected = one.at("value");
    EXPECT_NEAR(value.item<double>(), expected, 1e-9 * std::abs(expected));
    value.backward();
    expect_gradient(student.grad(), one);
  }
  EXPECT_EQ(cases, 18);
}

TEST(LogitDistillation, VanishesWhenTheStudentMatchesTheTeacher) {
  const auto fixture = read_fixture(fixture_folder() / "losses.json");
  const auto& set = fixture.at("sets").at("hand_2x3");
  const auto value = distilled(logits_of(set, "teacher"), set, {{"kd_weight", 1.0}}, false);
  EXPECT_NEAR(value.item<double>(), 0, 1e-12);
}

TEST(LogitDistillation, LeavesTheTaskTermAloneAtItsNeutralSetting) {
  const auto fixture = read_fixture(fixture_folder() / "losses.json");
  const auto& set = fixture.at("sets").at("rand_8x10");
  const auto student = logits_of(set, "student");
  const auto total = distilled(student, set, {{"kd_weight", 0.0}, {"ce_weight", 1.0}}, true);
  EXPECT_EQ(total.item<double>(), cross_entropy(student, one_hot(set)).item<double>());
}

TEST(LogitDistillation, RefusesTwoTaskWeights) {
  const auto& entry = entry_of("distill.logit");
  const nlohmann::json teacher{{"teacher", "R20"}};
  auto first = settings_of(entry, teacher), second = first;
  second["ce_weight"] = 0.5;
  const nlohmann::json recipe{{"distill", {{"logit", first}, {"logit@second", second}}}};
  EXPECT_EQ(entry.refuses(first, {recipe, 10}).size(), 1u);
  const nlohmann::json alike{{"distill", {{"logit", first}, {"logit@second", first}}}};
  EXPECT_TRUE(entry.refuses(first, {alike, 10}).empty());
}

TEST(LabelSmoothing, KeepsTheSumOfTheTarget) {
  for (const std::string over : {"all", "others"}) {
    Batch batch{
        .images = {}, .targets = tensor_of({0, 1, 0, 0, .3, 0, 0, .7}, {2, 4}), .labels = {}, .ids = {}};
    make("loss.label_smoothing", {{"epsilon", 0.1}, {"over", over}})->transform_batch(batch, {});
    for (const double sum : values_of(batch.targets.sum(1))) EXPECT_NEAR(sum, 1, 1e-15) << over;
  }
}

TEST(LabelSmoothing, GivesTheOthersAllOfItsShareWhenAskedTo) {
  Batch batch{.images = {}, .targets = tensor_of({0, 1, 0, 0}, {1, 4}), .labels = {}, .ids = {}};
  make("loss.label_smoothing", {{"epsilon", 0.3}, {"over", "others"}})->transform_batch(batch, {});
  const std::vector<double> expected{0.1, 0.7, 0.1, 0.1};
  const auto values = values_of(batch.targets);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(values[i], expected[i], 1e-15);
}

TEST(Loss, LeavesOutTermsWithoutWeight) {
  Loss loss;
  loss.add("task", 1, tensor_of({2}, {}));
  loss.add("distill.logit", 0, tensor_of({std::numeric_limits<double>::quiet_NaN()}, {}));
  EXPECT_EQ(loss.total().item<double>(), 2);
}

TEST(Loss, RefusesTwoTermsOfOneName) {
  Loss loss;
  loss.add("task", 1, tensor_of({2}, {}));
  EXPECT_ANY_THROW(loss.add("task", 1, tensor_of({2}, {})));
}

}  // namespace
}  // namespace ablate::test
