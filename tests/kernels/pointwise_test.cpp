#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

#include "tests/kernels/convolution_case.h"

namespace ablate::kernels {
namespace {

Case case_of(const Pointwise& shape, const Options& options) {
  return Case(shape.rows, shape.in, shape.rows, shape.out, std::int64_t(shape.in) * shape.out, options);
}

/// One whose maps are read as they lie, the input's values made of normal ones.
Case plain_case(const Pointwise& shape, Options options, const std::function<float(float)>& made_of) {
  options.affine = options.normalized = false;
  Case it = case_of(shape, options);
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  it.x.fill([&] { return made_of(normal(random)); });
  return it;
}

void run(const Pointwise& shape, Case& it, const ForEach& each) {
  pointwise_backward(shape, it.gradient(), it.source(), it.w.data(), it.gradient_out(), it.weight_gradient(),
                     each);
  pointwise_forward(shape, it.source(), it.w.data(), it.y.data(), it.y.stride, it.moments(), each);
}

void compare(const Pointwise& shape, const Options& options) {
  SCOPED_TRACE(testing::Message() << shape.rows << " x " << shape.in << " -> " << shape.out);
  Case got = case_of(shape, options), wanted = got.for_oracle();
  run(shape, got, in_order);
  oracle::pointwise_backward(shape, wanted.gradient(), wanted.source(), wanted.w.data(),
                             wanted.gradient_out(), wanted.weight_gradient());
  oracle::pointwise_forward(shape, wanted.source(), wanted.w.data(), wanted.y.data().as<float>(),
                            wanted.y.stride, wanted.moments(), options.out);
  expect_like_oracle(got, wanted, shape.in, shape.out);
}

class Pointwise : public EachSetting {};
INSTANTIATE_TEST_SUITE_P(, Pointwise, testing::ValuesIn(all_settings()), name_of);
using Shape = kernels::Pointwise;

TEST_P(Pointwise, EqualsTheOracleAtAnyShape) {
  for (const Shape& shape : std::vector<Shape>{{1, 1, 1},
                                               {2, 3, 17},
                                               {7, 17, 3},
                                               {8, 16, 48},
                                               {65, 24, 144},
                                               {64, 144, 24},
                                               {100, 58, 58},
                                               {131, 116, 49},
                                               {513, 8, 16},
                                               {40, 31, 33},
                                               {259, 64, 64},
                                               {70, 520, 513},
                                               {33, 128, 1},
                                               {3, 1, 128},
                                               {2050, 12, 20},
                                               {1030, 232, 10}})
    compare(shape, GetParam().options());
}

TEST_P(Pointwise, EqualsTheOracleWhateverIsWantedOfIt) {
  for (const auto& options : all_options(GetParam().options())) compare({77, 19, 50}, options);
}

TEST_P(Pointwise, GivesTheSameBitsForAFewImagesWithWeightsPackedBefore) {
  const Shape shape{150, 50, 37};
  Case whole = case_of(shape, GetParam().options()), in_parts = whole;
  pointwise_forward(shape, whole.source(), whole.w.data(), whole.y.data(), whole.y.stride, {}, in_order);
  const auto x = in_parts.source();
  const PackedWeights packed({0, shape.in, shape.out}, in_parts.w.data(), x.data.type(),
                             in_parts.y.data().type());
  for (std::int64_t row = 0, rows = 7; row < shape.rows; row += rows) {
    Source some = x;
    some.data = x.data + row * x.stride;
    pointwise_forward({std::min(rows, shape.rows - row), shape.in, shape.out}, some, packed,
                      in_parts.y.data() + row * in_parts.y.stride, in_parts.y.stride, {}, in_order);
  }
  EXPECT_EQ(whole.y.values(), in_parts.y.values());
}

TEST_P(Pointwise, StoresFinishedWhatAReaderWouldSee) {
  const auto options = GetParam().options();
  for (const Act act : {Act::None, Act::Relu, Act::Relu6})
    for (const Shape& shape : std::vector<Shape>{{150, 50, 37}, {70, 24, 144}, {3, 8, 16}}) {
      Case got = case_of(shape, options), wanted = got.for_oracle();
      const std::vector<float> scale(shape.out, 1.5f), shift(shape.out, -0.25f);
      const PackedWeights packed({0, shape.in, shape.out}, got.w.data(), got.source().data.type(),
                                 got.y.data().type());
      pointwise_forward(shape, got.source(), packed, got.y.data(), got.y.stride, {}, in_order,
                        {scale.data(), shift.data(), act});
      float* y = wanted.y.data().as<float>();
      oracle::pointwise_forward(shape, wanted.source(), wanted.w.data(), y, wanted.y.stride, {}, options.out);
      const Source read{y, wanted.y.stride, scale.data(), shift.data(), act};
      oracle::sum_forward(shape.rows, shape.out, {&read, 1}, y, wanted.y.stride);
      ASSERT_TRUE(got.y.intact());
      const double rounding = options.out == Type::BFloat16 ? 1.0 / 256 : 0;
      for (std::int64_t r = 0; r < shape.rows; ++r)
        for (int c = 0; c < shape.out; ++c) {
          const double value = wanted.y.at(r, c);
          ASSERT_NEAR(got.y.at(r, c), value, 1e-5 * shape.in + rounding * std::abs(value));
        }
    }
}

TEST_P(Pointwise, StoresTheChannelsOfAFinishedOutputInTurnWithAnotherMaps) {
  const auto options = GetParam().options();
  if (options.in != Type::Float32 || options.out != Type::Float32) GTEST_SKIP() << "float32 alone does that";
  for (const Shape& shape :
       std::vector<Shape>{{150, 50, 58}, {70, 24, 116}, {9, 8, 16}, {5, 3, 7}, {131, 20, 232}}) {
    SCOPED_TRACE(testing::Message() << shape.rows << " x " << shape.in << " -> " << shape.out);
    Case it = case_of(shape, options);
    const std::vector<float> scale(shape.out, 1.5f), shift(shape.out, -0.25f);
    const Finish finish{scale.data(), shift.data(), Act::Relu};
    const PackedWeights packed({0, shape.in, shape.out}, it.w.data(), Type::Float32, Type::Float32);
    pointwise_forward(shape, it.source(), packed, it.y.data(), it.y.stride, {}, in_order, finish);
    const std::int64_t first_stride = shape.out + 5, stride = 2 * shape.out + 3;
    constexpr float kUntouched = -77;
    std::vector<float> first(shape.rows * first_stride), y(shape.rows * stride, kUntouched);
    std::iota(first.begin(), first.end(), 1.0f);
    pointwise_forward(shape, it.source(), packed, y.data(), stride, {}, in_order, finish,
                      {first.data(), first_stride});
    for (std::int64_t r = 0; r < shape.rows; ++r) {
      for (int c = 0; c < shape.out; ++c) {
        ASSERT_EQ(y[r * stride + 2 * c], first[r * first_stride + c]);
        ASSERT_EQ(y[r * stride + 2 * c + 1], it.y.at(r, c));
      }
      for (int gap = 2 * shape.out; gap < stride; ++gap) ASSERT_EQ(y[r * stride + gap], kUntouched);
    }
  }
}

TEST_P(Pointwise, ReadsARepeatedGradientLikeOneThatIsStoredSoOften) {
  for (const auto& [channels, repeats] : std::vector<std::pair<int, int>>{{20, 3}, {6, 2}, {48, 4}}) {
    const Shape shape{150, 50, channels * repeats};
    Case stored = case_of(shape, GetParam().options());
    for (std::int64_t r = 0; r < shape.rows; ++r)
      for (int c = channels; c < shape.out; ++c) stored.dz.copy(r, c % channels, c);
    Case repeated = stored;
    auto gradient = repeated.gradient();
    gradient.repeats = repeats;
    run(shape, stored, in_order);
    pointwise_backward(shape, gradient, repeated.source(), repeated.w.data(), repeated.gradient_out(),
                       repeated.weight_gradient(), in_order);
    EXPECT_EQ(stored.dx.values(), repeated.dx.values());
    EXPECT_EQ(stored.dw, repeated.dw);
    EXPECT_EQ(stored.dot, repeated.dot);
  }
}

TEST_P(Pointwise, TakesMapsWithoutGaps) {
  Options options = GetParam().options();
  options.gap = options.offset = 0;
  for (const Shape& shape : std::vector<Shape>{{64, 48, 96}, {70, 7, 9}}) compare(shape, options);
}

TEST_P(Pointwise, StoresLargeMapsPastTheCaches) {
  Options options = GetParam().options();
  options.gap = 0;
  for (int offset : {0, 4, 8, 12, 16, 24}) {  // one of them is at a multiple of 64 bytes
    options.offset = offset;
    const int wide = offset > 12 ? 64 : 32;
    compare({66000, 2, wide}, options);
    compare({66000, wide, 2}, options);
  }
}

TEST_P(Pointwise, GivesTheSameBitsInAnyOrderAndOnTwoThreads) {
  for (const Shape& shape : std::vector<Shape>{{3000, 24, 50}, {200, 130, 30}}) {
    Case straight = case_of(shape, GetParam().options()), reverse = straight, threads = straight;
    run(shape, straight, in_order);
    run(shape, reverse, backwards);
    run(shape, threads, on_two_threads);
    expect_same_bits(straight, reverse);
    expect_same_bits(straight, threads);
  }
}

TEST_P(Pointwise, KeepsStatisticsWhenTheMeanIsAThousandDeviations) {
  const Shape shape{5000, 2, 20};
  Options options = GetParam().options();
  options.affine = false;
  Case it = case_of(shape, options);
  it.x.fill([normal = std::normal_distribution<float>(), random = std::mt19937(1), odd = true]() mutable {
    return (odd = !odd) ? 1000.0f : normal(random);
  });
  std::fill(it.w.begin(), it.w.end(), 1.0f);
  run(shape, it, in_order);
  double mean = 0, squares = 0;
  const auto y = [&](std::int64_t r) { return it.x.at(r, 0) + it.x.at(r, 1); };
  for (std::int64_t r = 0; r < shape.rows; ++r) mean += y(r) / double(shape.rows);
  for (std::int64_t r = 0; r < shape.rows; ++r) squares += std::pow(y(r) - mean, 2);
  for (int c = 0; c < shape.out; ++c) {
    EXPECT_NEAR(it.mean[c], mean, 2e-6);
    EXPECT_NEAR(it.squares[c] / squares, 1, 1e-5);
  }
}

TEST_P(Pointwise, KeepsTheDotWhenTheMeanIsAThousandDeviations) {
  const Shape shape{5000, 20, 1};
  Case got = plain_case(shape, GetParam().options(), [](float normal) { return 1000 + normal; });
  for (auto& value : got.centre) value = 1000;
  Case wanted = got.for_oracle();
  run(shape, got, in_order);
  oracle::pointwise_backward(shape, wanted.gradient(), wanted.source(), wanted.w.data(),
                             wanted.gradient_out(), wanted.weight_gradient());
  expect_near(got.dot, wanted.dot, 5000, 1e-6, "dot");
}

TEST_P(Pointwise, TakesTheGradientOfItsWeightsFromTheInputLessACentre) {
  const Shape shape{300, 20, 9};
  Case got = plain_case(shape, GetParam().options(), [](float normal) {
    return std::round(4 * normal) / 4;  // so is what is left: bfloat16 holds both
  });
  Case shifted = got.for_oracle();
  const std::vector<float> centre(20, 0.25f);
  pointwise_backward(shape, got.gradient(), got.source(), got.w.data(), got.gradient_out(),
                     got.weight_gradient(), in_order, centre.data());
  std::int64_t next = 0;
  shifted.x.fill([&] {
    const std::int64_t at = next++;
    return got.x.at(at / 20, int(at % 20)) - 0.25f;
  });
  oracle::pointwise_backward(shape, shifted.gradient(), shifted.source(), shifted.w.data(),
                             shifted.gradient_out(), shifted.weight_gradient());
  expect_near(got.dw, shifted.dw, 300, 1e-6, "dw");
}

}  // namespace
}  // namespace ablate::kernels
