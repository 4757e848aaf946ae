#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "backbones/catalogue.h"
#include "ingredients/sparsify/mask.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

using ingredients::Course;
using ingredients::Mask;
using ingredients::sparsity_at;

Graph network() {
  return find_backbone("mobilenetv2")->build({{"width", 0.25}}, {3, 16, 16, 10});
}

std::int64_t zeros(const at::Tensor& values) {
  return values.numel() - at::count_nonzero(values).item<std::int64_t>();
}

TEST(Sparsity, RisesAsACubeAndStaysAtItsEnd) {
  const Course course{.sparsity = 0.8, .ramp = 0.5};
  EXPECT_EQ(sparsity_at(0, course), 0);
  EXPECT_NEAR(sparsity_at(0.25, course), 0.7, 1e-12) << "0.8 (1 - 1/8)";
  EXPECT_EQ(sparsity_at(0.5, course), 0.8);
  EXPECT_EQ(sparsity_at(1, course), 0.8);
}

TEST(Mask, TakesOutTheSmallestOfAllPrunableWeights) {
  const auto graph = network();
  const auto weights = initial_weights(graph, 3);
  Mask mask(graph, weights, false, false);
  mask.renew(weights.trained(), 0.3);
  EXPECT_EQ(zeros(mask.factors()), std::llround(0.3 * double(mask.prunable())));
  double largest_out = 0, smallest_left = 1e9;
  for (const auto& segment : weights.segments()) {
    const auto values = weights.trained().narrow(0, segment.offset, segment.length).abs();
    const auto factors = mask.factors().narrow(0, segment.offset, segment.length);
    const bool pointwise =
        segment.kind == Kind::ConvWeight && segment.shape[1] > 1 && segment.name.rfind("features.0.", 0) != 0;
    if (!pointwise) {
      EXPECT_EQ(zeros(factors), 0) << segment.name;
      continue;
    }
    const auto out = values.masked_select(factors == 0), left = values.masked_select(factors == 1);
    if (out.numel() > 0) largest_out = std::max(largest_out, out.max().item<double>());
    if (left.numel() > 0) smallest_left = std::min(smallest_left, left.min().item<double>());
  }
  EXPECT_LE(largest_out, smallest_left);
}

TEST(Mask, TakesAnExactShareAmongEquals) {
  const auto graph = network();
  const Weights weights(graph, at::kFloat);  // zeros throughout
  Mask mask(graph, weights, true, true);
  mask.renew(weights.trained(), 0.5);
  EXPECT_EQ(zeros(mask.factors()), std::llround(0.5 * double(mask.prunable())));
}

/// A step of training as the trainer does it: masked gradients, an update, after_step. Returns what the
/// forward pass saw.
at::Tensor step(Ingredient& ingredient, FakeStudent& student, const Progress& at, const at::Tensor& update) {
  at::Tensor seen;
  {
    const auto undo = ingredient.perturb(student, at);
    seen = student.weights().trained().clone();
  }
  student.weights().trained().add_(update);
  ingredient.after_step(student, at);
  return seen;
}

TEST(Dpf, LetsAWeightComeBackThatMagnitudeDoesNot) {
  for (const std::string name : {"sparsify.dpf", "sparsify.magnitude"}) {
    const auto graph = network();
    FakeStudent student(initial_weights(graph, 3));
    FakeSetup setup(name, initial_weights(graph, 3), graph);
    const auto ingredient = make(name, {{"sparsity", 0.5}, {"ramp", 0.0}, {"every", 1}});
    ingredient->begin(setup);
    const auto none = at::zeros_like(student.weights().trained());
    const Progress first{0, 0, 1, 3}, second{0, 1, 1, 3}, third{0, 2, 1, 3};
    step(*ingredient, student, first, none);
    auto delivered = student.weights().clone();
    ingredient->deliver(delivered);
    const auto out =
        (delivered.trained() == 0) & (delivered.trained() != initial_weights(graph, 3).trained());
    ASSERT_GT(out.sum().item<std::int64_t>(), 0);
    // what was taken out grows beyond all others
    step(*ingredient, student, second, out.to(at::kFloat) * 10);
    const auto seen = step(*ingredient, student, third, none);
    const bool back = (seen.masked_select(out) != 0).all().item<bool>();
    EXPECT_EQ(back, name == "sparsify.dpf") << name;
  }
}

}  // namespace
}  // namespace ablate::test
