#include <gtest/gtest.h>

#include "tests/kernels/convolution_case.h"

namespace ablate::kernels {
namespace {

using Shape = kernels::Dense;

Case case_of(const Shape& s, const Options& options) {
  return Case(std::int64_t(s.images) * s.height * s.width, s.in,
              std::int64_t(s.images) * s.out_height() * s.out_width(), s.out,
              std::int64_t(s.out) * s.kernel_height * s.kernel_width * s.in, options);
}

void run(const Shape& shape, Case& it, const ForEach& each) {
  dense_backward(shape, it.gradient(), it.source(), it.w.data(), it.gradient_out(), it.weight_gradient(),
                 each);
  dense_forward(shape, it.source(), it.w.data(), it.y.data(), it.y.stride, it.moments(), each);
}

void compare(const Shape& s, const Options& options) {
  SCOPED_TRACE(testing::Message() << s.images << " x " << s.height << " x " << s.width << " x " << s.in
                                  << " -> " << s.out << ", kernel " << s.kernel_height << " x "
                                  << s.kernel_width << ", stride " << s.stride << ", padding " << s.pad_height
                                  << ", " << s.pad_width);
  Case got = case_of(s, options), wanted = got.for_oracle();
  run(s, got, in_order);
  oracle::dense_backward(s, wanted.gradient(), wanted.source(), wanted.w.data(), wanted.gradient_out(),
                         wanted.weight_gradient());
  oracle::dense_forward(s, wanted.source(), wanted.w.data(), wanted.y.data().as<float>(), wanted.y.stride,
                        wanted.moments());
  const double taps = s.kernel_height * s.kernel_width;
  expect_like_oracle(got, wanted, taps * s.in, taps * s.out);
}

/// Stems, 3x3 of residual networks, what is left of a map by stride and padding, products in several blocks,
/// and rows of outputs that are whole register tiles.
std::vector<Shape> shapes() {
  return {
      {2, 8, 8, 3, 24, 3, 3, 1, 1, 1},  {2, 9, 7, 3, 16, 3, 3, 2, 1, 1},   {1, 15, 14, 3, 20, 7, 7, 2, 3, 3},
      {1, 6, 6, 64, 64, 3, 3, 1, 1, 1}, {3, 5, 6, 17, 33, 3, 3, 2, 1, 1},  {1, 4, 4, 130, 10, 3, 3, 1, 1, 1},
      {2, 7, 5, 8, 12, 1, 1, 2, 0, 0},  {1, 6, 7, 5, 9, 1, 5, 1, 0, 2},    {1, 7, 6, 5, 9, 5, 1, 1, 2, 0},
      {2, 6, 6, 4, 5, 2, 2, 2, 0, 0},   {1, 3, 3, 2, 3, 5, 5, 1, 2, 2},    {1, 1, 1, 1, 1, 3, 3, 2, 1, 1},
      {1, 11, 4, 3, 7, 3, 2, 3, 2, 0},  {1, 5, 5, 10, 200, 3, 3, 1, 1, 1}, {1, 8, 8, 6, 6, 3, 3, 1, 0, 0},
      {2, 12, 12, 3, 8, 4, 4, 4, 0, 0}, {2, 3, 16, 3, 50, 3, 3, 1, 1, 1},  {1, 17, 16, 5, 17, 3, 3, 2, 1, 1},
      {1, 9, 32, 3, 10, 7, 7, 2, 3, 3}, {2, 4, 8, 20, 9, 3, 3, 1, 1, 1},   {1, 1, 8, 16, 16, 5, 1, 1, 2, 0}};
}

class Dense : public EachSetting {};
INSTANTIATE_TEST_SUITE_P(, Dense, testing::ValuesIn(all_settings()), name_of);

TEST_P(Dense, EqualsTheOracleAtAnyShape) {
  for (const auto& shape : shapes()) compare(shape, GetParam().options());
}

TEST_P(Dense, EqualsTheOracleOnMapsWithoutGaps) {
  Options options = GetParam().options();
  options.gap = options.offset = 0;
  for (const auto& shape : shapes()) compare(shape, options);
}

TEST_P(Dense, EqualsTheOracleWhateverIsWantedOfIt) {
  for (auto options : all_options(GetParam().options()))
    for (int gap : {0, 3}) {
      options.gap = gap;
      compare({2, 7, 6, 9, 18, 3, 3, 2, 1, 1}, options);
      compare({2, 5, 8, 9, 18, 3, 3, 1, 1, 1}, options);
    }
}

TEST_P(Dense, GivesTheSameBitsInAnyOrderAndOnTwoThreads) {
  for (const Shape& shape : std::vector<Shape>{{4, 20, 20, 3, 24, 3, 3, 1, 1, 1},
                                               {3, 13, 16, 5, 20, 3, 3, 1, 1, 1},
                                               {2, 20, 20, 80, 20, 3, 3, 2, 1, 1}}) {
    Case straight = case_of(shape, GetParam().options()), reverse = straight, threads = straight;
    run(shape, straight, in_order);
    run(shape, reverse, backwards);
    run(shape, threads, on_two_threads);
    expect_same_bits(straight, reverse);
    expect_same_bits(straight, threads);
  }
}

TEST_P(Dense, KeepsStatisticsWhenTheMeanIsAThousandDeviations) {
  const Shape shape{4, 30, 30, 1, 20, 1, 1, 1, 0, 0};
  Options options = GetParam().options();
  options.affine = false;
  Case it = case_of(shape, options);
  std::mt19937 random(1);
  std::normal_distribution<float> normal(1000, 1);
  it.x.fill([&] { return normal(random); });
  for (auto& value : it.w) value = 1;
  Case wanted = it.for_oracle();
  run(shape, it, in_order);
  oracle::dense_forward(shape, wanted.source(), wanted.w.data(), wanted.y.data().as<float>(), wanted.y.stride,
                        wanted.moments());
  for (int c = 0; c < shape.out; ++c) {
    EXPECT_NEAR(it.mean[c], wanted.mean[c], 1e-6);
    EXPECT_NEAR(it.squares[c] / wanted.squares[c], 1, 1e-5);
  }
}

}  // namespace
}  // namespace ablate::kernels
