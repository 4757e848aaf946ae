#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "harness/execute/executor.h"
#include "harness/execute/fold.h"
#include "harness/graph/rewrite.h"
#include "tests/execute/filled.h"

namespace ablate::test {
namespace {

/// The largest magnitude in nested lists of numbers, at least 1.
double scale_of(const nlohmann::json& expected) {
  if (!expected.is_array()) return std::abs(expected.get<double>());
  double scale = 1;
  for (const auto& item : expected) scale = std::max(scale, scale_of(item));
  return scale;
}

/// Compares a flat beginning of a tensor.
void expect_first(const at::Tensor& actual, const nlohmann::json& expected, double tolerance,
                  const std::string& what) {
  const auto values = actual.detach().to(at::kDouble).contiguous().flatten();
  ASSERT_GE(values.numel(), static_cast<std::int64_t>(expected.size())) << what;
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(values[static_cast<std::int64_t>(i)].item<double>(), expected[i].get<double>(), tolerance)
        << what << " [" << i << "]";
}

/// The same to a share of the expected values' scale.
void expect_close(const at::Tensor& actual, const nlohmann::json& expected, double share,
                  const std::string& what) {
  expect_first(actual, expected, share * scale_of(expected), what);
}

void expect_norm(const at::Tensor& actual, const nlohmann::json& expected, double relative,
                 const std::string& what) {
  const double norm = actual.detach().to(at::kDouble).norm().item<double>();
  EXPECT_NEAR(norm, expected.get<double>(), relative * std::max(1e-3, expected.get<double>()))
      << "norm of " << what;
}

void expect_logits(const at::Tensor& logits, const nlohmann::json& expected, double share) {
  ASSERT_EQ(logits.size(0), static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i)
    expect_first(logits[static_cast<std::int64_t>(i)], expected[i], share * scale_of(expected),
                 "logits of image " + std::to_string(i));
}

/// One fixture's network with its filled weights.
struct Loaded {
  Loaded(const ModelFixture& fixture, at::ScalarType scalar_type, bool own_kernels = false)
      : data(fixture.data),
        type(scalar_type),
        graph(fixture.graph()),
        weights(filled_weights(graph, data.at("conv_gain"), type)),
        executor(own_kernels ? make_fused_executor(graph) : make_reference_executor(graph)) {}

  at::Tensor images(const char* batch) const { return filled_images(data.at(batch), data.at("input"), type); }
  Output evaluate(const std::vector<std::string>& taps) const {
    const at::NoGradGuard no_grad;
    return executor->forward(weights, images("batch_eval"), {.taps = taps});
  }
  /// Forward and backward of the mean cross-entropy; returns logits and loss.
  std::pair<at::Tensor, at::Tensor> train() {
    weights.require_gradients();
    const auto logits = executor->forward(weights, images("batch_train"), {.training = true}).logits;
    const auto labels =
        at::tensor(data.at("labels").get<std::vector<std::int64_t>>(), at::TensorOptions(at::kLong));
    const auto loss = at::cross_entropy_loss(logits, labels);
    loss.backward();
    return {logits, loss};
  }

  const nlohmann::json& data;
  at::ScalarType type;
  Graph graph;
  Weights weights;
  std::unique_ptr<Executor> executor;
};

TEST(FixtureFloat64, LogitsAndMapsInEvaluation) {
  for (const auto& fixture : model_fixtures()) {
    SCOPED_TRACE(fixture.file);
    const Loaded net(fixture, at::kDouble);
    std::vector<std::string> names;
    for (const auto& tap : net.data.at("taps_eval")) names.push_back(tap.at("module"));
    const auto output = net.evaluate(names);
    expect_logits(output.logits, net.data.at("logits_eval"), 1e-9);
    expect_norm(output.logits, net.data.at("logits_eval_l2"), 1e-9, "logits");
    for (const auto& tap : net.data.at("taps_eval")) {
      const std::string name = tap.at("module");
      const auto& map = output.taps.at(name);
      auto shape = tap.at("shape").get<std::vector<std::int64_t>>();
      shape.resize(4, 1);
      EXPECT_EQ(map.sizes().vec(), shape) << name;
      expect_close(map, tap.at("first"), 1e-9, name);
      expect_norm(map, tap.at("l2"), 1e-9, name);
    }
  }
}

TEST(FixtureFloat64, LogitsBatchNormAndGradientsInTraining) {
  for (const auto& fixture : model_fixtures()) {
    SCOPED_TRACE(fixture.file);
    Loaded net(fixture, at::kDouble);
    const auto [logits, loss] = net.train();
    expect_logits(logits, net.data.at("logits_train"), 1e-9);
    expect_norm(logits, net.data.at("logits_train_l2"), 1e-9, "logits");
    for (const auto& layer : net.data.at("bn_after_train")) {
      const std::string name = layer.at("name");
      expect_close(net.weights.at(name + ".running_mean"), layer.at("running_mean"), 1e-9, name);
      expect_close(net.weights.at(name + ".running_var"), layer.at("running_var"), 1e-9, name);
    }
    const auto& expected = net.data.at("grad");
    EXPECT_NEAR(loss.item<double>(), expected.at("loss").get<double>(), 1e-9);
    expect_norm(net.weights.gradients(), expected.at("total_l2"), 1e-8, "gradient");
    for (const auto& parameter : expected.at("params")) {
      const std::string name = parameter.at("name");
      expect_norm(net.weights.at(name).grad(), parameter.at("l2"), 1e-8, name);
      expect_close(net.weights.at(name).grad(), parameter.at("first"), 1e-8, name);
    }
  }
}

/// 1e-4 of the scale, or what a network of that depth needs: a small multiple of how far the reference's
/// float32 strayed.
double float32_share(const nlohmann::json& data, const char* logits, const char* deviation) {
  const double strayed =
      data.contains("float32_deviation") ? data["float32_deviation"].value(deviation, 0.0) : 0.0;
  return std::max(1e-4, 20 * strayed / scale_of(data.at(logits)));
}

void expect_close_to_float64(bool own_kernels) {
  for (const auto& fixture : model_fixtures()) {
    SCOPED_TRACE(fixture.file);
    Loaded net(fixture, at::kFloat, own_kernels);
    expect_logits(net.evaluate({}).logits, net.data.at("logits_eval"),
                  float32_share(net.data, "logits_eval", "logits_eval_max_abs"));
    const auto [logits, loss] = net.train();
    expect_logits(logits, net.data.at("logits_train"),
                  float32_share(net.data, "logits_train", "logits_train_max_abs"));
    const auto& expected = net.data.at("grad");
    EXPECT_NEAR(loss.item<double>(), expected.at("loss").get<double>(),
                1e-4 * scale_of({expected.at("loss")}));
    expect_norm(net.weights.gradients(), expected.at("total_l2"), 2e-3, "gradient");
  }
}

TEST(FixtureFloat32, StaysCloseToFloat64) {
  expect_close_to_float64(false);
}

TEST(FixtureFloat32, StaysCloseToFloat64UnderTheFusedExecutor) {
  expect_close_to_float64(true);
}

TEST(FixtureFused, KernelsAndLogitsEqualTheReference) {
  for (const auto& fixture : model_fixtures()) {
    if (!fixture.data.contains("fused")) continue;
    SCOPED_TRACE(fixture.file);
    const at::NoGradGuard no_grad;
    const Loaded net(fixture, at::kDouble);
    const auto& expected = net.data.at("fused");
    const auto weights = fold_branches(net.graph, net.weights);
    const auto logits =
        make_reference_executor(fused(net.graph))->forward(weights, net.images("batch_eval"), {}).logits;
    expect_logits(logits, expected.at("logits_eval"), 1e-10);
    for (const auto& sample : expected.at("samples")) {
      const std::string name = sample.at("name");
      const auto &kernel = weights.at(name + ".weight"), &bias = weights.at(name + ".bias");
      EXPECT_EQ(kernel.sizes().vec(), sample.at("weight_shape").get<std::vector<std::int64_t>>()) << name;
      expect_close(kernel, sample.at("weight_first"), 1e-10, name);
      expect_norm(kernel, sample.at("weight_l2"), 1e-10, name);
      expect_close(bias, sample.at("bias_first"), 1e-10, name);
      expect_norm(bias, sample.at("bias_l2"), 1e-10, name);
    }
  }
}

}  // namespace
}  // namespace ablate::test
