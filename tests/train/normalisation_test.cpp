#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "harness/train/network.h"

namespace ablate::training {
namespace {

const std::vector<double> kMean{0.485, 0.456, 0.406}, kDeviation{0.229, 0.224, 0.225};

at::Tensor by_hand(const at::Tensor& images) {
  const auto mean = at::tensor(kMean).to(at::kFloat).view({1, 3, 1, 1});
  const auto deviation = at::tensor(kDeviation).to(at::kFloat).view({1, 3, 1, 1});
  return (images - mean) / deviation;
}

TEST(NormalisationTest, GivesTheSameBitsHoweverImagesLie) {
  const Normalisation normalisation(kMean, kDeviation);
  for (const int size : {1, 5, 32}) {
    const auto images = at::rand({3, 3, size, size});
    for (const auto format : {at::MemoryFormat::ChannelsLast, at::MemoryFormat::Contiguous})
      EXPECT_TRUE(at::equal(normalisation.of(images.contiguous(format)), by_hand(images))) << size;
  }
}

TEST(NormalisationTest, TakesImagesOfAnyNumberOfChannelsAndType) {
  const Normalisation one({0.5}, {0.25});
  EXPECT_TRUE(at::equal(one.of(at::full({2, 1, 4, 4}, 0.75)), at::ones({2, 1, 4, 4})));
  const Normalisation three(kMean, kDeviation);
  const auto images = at::rand({2, 3, 4, 4}, at::kDouble).contiguous(at::MemoryFormat::ChannelsLast);
  EXPECT_EQ(three.of(images).scalar_type(), at::kDouble);
}

TEST(NormalisationTest, PassesGradientsOn) {
  const Normalisation normalisation(kMean, kDeviation);
  const auto images = at::rand({1, 3, 2, 2}).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
  normalisation.of(images).sum().backward();
  for (int c = 0; c < 3; ++c)
    EXPECT_FLOAT_EQ(images.grad()[0][c][0][0].item<float>(), float(1 / kDeviation[c]));
}

}  // namespace
}  // namespace ablate::training
