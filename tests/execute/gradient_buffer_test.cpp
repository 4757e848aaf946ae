#include "harness/execute/gradient_buffer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "backbones/catalogue.h"
#include "harness/execute/executor.h"
#include "harness/execute/weights.h"
#include "tests/execute/filled.h"

namespace ablate::test {
namespace {

/// A network under the fused executor, and what a pass of its training is worth.
class GradientBuffers : public testing::Test {
 protected:
  at::Tensor loss(std::uint64_t step = 0) {
    const Pass pass{.training = true, .update_statistics = false, .seed = 1, .step = step};
    const auto images = filled_images(4, 16, at::kFloat) * double(step + 1);
    return executor_->forward(weights_, images, pass).logits.square().sum();
  }
  at::Tensor penalty() { return weights_.at("fc.weight").square().sum(); }

  /// As autograd gathers them, for the buffer was never cleared.
  at::Tensor by_autograd(const std::function<at::Tensor()>& loss) {
    weights_ = initial_weights(graph_, 1);
    weights_.require_gradients();
    loss().backward();
    return weights_.gradients().clone();
  }

  void clear() {
    weights_ = initial_weights(graph_, 1);
    weights_.require_gradients();
    weights_.gradients().fill_(7);
    weights_.clear_gradients();
  }

  Graph graph_ = find_backbone("shufflenetv2")->build({{"width", 0.5}}, {3, 16, 16, 5});
  std::unique_ptr<Executor> executor_ = make_fused_executor(graph_);
  Weights weights_;
};

TEST_F(GradientBuffers, TakeAPassesGradientsWithoutAutogradAddingThem) {
  const auto expected = by_autograd([&] { return loss(); });
  clear();
  const auto version = weights_.gradients()._version();
  loss().backward();
  EXPECT_EQ(weights_.gradients()._version(), version);
  EXPECT_TRUE(at::equal(weights_.gradients(), expected));
}

TEST_F(GradientBuffers, AddUpSeveralPassesOfOneLoss) {
  const auto both = [&] { return loss(0) + 2 * loss(1); };
  const auto expected = by_autograd(both);
  clear();
  both().backward();
  EXPECT_TRUE(at::equal(weights_.gradients(), expected));
}

TEST_F(GradientBuffers, AddUpBackwardPassesThatFollowEachOther) {
  const auto expected = by_autograd([&] { return loss(); });
  clear();
  const auto again = loss();
  again.backward({}, /*retain_graph=*/true);
  again.backward();
  EXPECT_TRUE(at::equal(weights_.gradients(), 2 * expected));
}

TEST_F(GradientBuffers, KeepWhatAPenaltyOfTheWeightsAddsBeforeOrAfterThePass) {
  const auto after = [&] { return loss() + penalty(); };
  const auto before = [&] {
    const auto first = penalty();
    return loss() + first;
  };
  const auto expected = by_autograd([&] { return loss(); }) + by_autograd([&] { return penalty(); });
  for (const auto& sum : {std::function<at::Tensor()>(after), std::function<at::Tensor()>(before)}) {
    clear();
    sum().backward();
    EXPECT_TRUE(at::allclose(weights_.gradients(), expected, 1e-6, 1e-6));
  }
}

TEST_F(GradientBuffers, AreLeftAloneByWhoAsksForGradientsOnly) {
  const auto expected = by_autograd([&] { return loss(); });
  clear();
  const auto tensor = weights_.at("fc.weight");
  const auto found = torch::autograd::grad({loss()}, {tensor});
  EXPECT_EQ(weights_.gradients().abs().max().item<double>(), 0);
  loss().backward();
  EXPECT_TRUE(at::equal(found.at(0), tensor.grad()));
  EXPECT_TRUE(at::equal(weights_.gradients(), expected));
}

TEST_F(GradientBuffers, AreNotTakenWhereATensorGathersItsGradientElsewhere) {
  const auto expected = by_autograd([&] { return loss(); });
  clear();
  auto tensor = weights_.at("fc.weight");
  const auto elsewhere = at::Tensor(tensor.grad().clone());
  tensor.mutable_grad() = elsewhere;
  loss().backward();
  const auto& segment = weights_.segments();
  for (const auto& [name, kind, offset, length, shape] : segment) {
    const auto part = weights_.gradients().narrow(0, offset, length);
    if (name == "fc.weight")
      EXPECT_EQ(part.abs().max().item<double>(), 0);
    else
      EXPECT_TRUE(at::equal(part, expected.narrow(0, offset, length))) << name;
  }
  EXPECT_GT(elsewhere.abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace ablate::test
