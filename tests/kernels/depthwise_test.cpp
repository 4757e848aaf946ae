#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "harness/kernels/convolution.h"
#include "tests/kernels/depthwise_shapes.h"
#include "tests/kernels/oracle.h"
#include "tests/kernels/test_maps.h"

namespace ablate::kernels {
namespace {

constexpr Kernel kPlainKernels[] = {{1, 1}, {1, 3}, {3, 1}, {3, 3}, {1, 5}, {5, 1}, {5, 5}};
constexpr Act kActs[] = {Act::None, Act::Relu, Act::Relu6};
constexpr double kTolerance = 1e-6;  // times the sum of the magnitudes

constexpr Size kPlainSizes[] = {{1, 1, 1, 1},  {2, 2, 1, 3},  {1, 1, 9, 20}, {3, 4, 4, 37}, {2, 7, 7, 16},
                                {1, 5, 18, 8}, {1, 9, 3, 34}, {2, 6, 2, 5},  {1, 3, 13, 48}};

int weights_of(const Depthwise& s) {
  return s.channels * s.kernel_height * s.kernel_width;
}

/// y and its moments.
struct ForwardResult {
  explicit ForwardResult(const Depthwise& s, Type type = Type::Float32)
      : y(pixels_out(s), s.channels, 3, type), mean(s.channels), squares(s.channels) {}
  Moments moments() { return {mean.data(), squares.data()}; }
  TestMap y;
  std::vector<double> mean, squares;
};

void expect_forward(const Depthwise& s, const Source& x, bool moments, Type y_type) {
  const auto w = Numbers(7).normals(weights_of(s));
  ForwardResult actual(s, y_type), expected(s);
  depthwise_forward(s, x, w.data(), actual.y.data(), actual.y.stride(),
                    moments ? actual.moments() : Moments{}, in_order);
  oracle::depthwise_forward(s, x, w.data(), expected.y.floats(), expected.y.stride(), expected.moments());
  const double magnitude = 4 * s.kernel_height * s.kernel_width;
  expect_near(actual.y, expected.y, kTolerance * magnitude);
  if (!moments) return;
  expect_near(actual.mean, expected.mean, kTolerance * magnitude);
  for (int c = 0; c < s.channels; ++c)
    ASSERT_NEAR(actual.squares[c], expected.squares[c], 1e-5 * expected.squares[c] + 1e-10);
}

TEST(Depthwise, GivesTheConvolutionAndItsMoments) {
  for_types([](Type type) {
    for_shapes(kPlainKernels, kPlainSizes, [type](const Depthwise& s) {
      for (const Act act : kActs) {
        TestSource x(pixels_in(s), s.channels, true, act, 1, type);
        expect_forward(s, x.source, act != Act::Relu, type);
      }
      TestSource plain(pixels_in(s), s.channels, false, Act::None, 2, type);
      expect_forward(s, plain.source, true, Type::Float32);
      expect_forward(s, plain.source, false, type);
    });
  });
}

/// What the backward pass is given and asked for.
struct Asked {
  Act act = Act::Relu6;
  bool normalised = true, batch_norm = true, dw = true;
  Wanted wanted;
};
const Asked kAsked[] = {
    {},
    {.act = Act::Relu, .wanted = {.data = true, .sums = true, .base = Base::Itself}},
    {.act = Act::None, .batch_norm = false, .wanted = {.data = true, .sums = false, .base = Base::Other}},
    {.normalised = false, .wanted = {.data = false, .sums = false}},
    {.act = Act::Relu, .dw = false, .wanted = {.data = false, .sums = true}},
    {.act = Act::Relu, .batch_norm = false, .dw = false}};

/// A GradientIn with what it points at.
struct TestGradientIn {
  TestGradientIn(std::int64_t rows, int channels, bool batch_norm, unsigned seed, Type type)
      : numbers(seed), dz(rows, channels, 1, type), y(rows, channels, 2, type) {
    dz.fill(numbers.normal_values());
    y.fill(numbers.normal_values());
    c1 = numbers.normals(channels), c2 = numbers.normals(channels), c3 = numbers.normals(channels);
    d = {.dz = dz.data(), .stride = dz.stride()};
    if (batch_norm) d = {dz.data(), dz.stride(), y.data(), y.stride(), c1.data(), c2.data(), c3.data()};
  }
  Numbers numbers;
  TestMap dz, y;
  std::vector<float> c1, c2, c3;
  GradientIn d;
};

void expect_backward(const Depthwise& s, const Asked& asked, Type x_type, Type d_type) {
  TestSource x(pixels_in(s), s.channels, asked.normalised, asked.act, 1, x_type);
  TestGradientIn d(pixels_out(s), s.channels, asked.batch_norm, 2, d_type);
  const auto w = Numbers(7).normals(weights_of(s));
  TestGradientOut dx(pixels_in(s), s.channels, asked.wanted, 3, x_type);
  TestGradientOut dx0(pixels_in(s), s.channels, asked.wanted, 3);
  std::vector<float> dw(w.size(), 9), dw0(w.size(), 9);
  depthwise_backward(s, d.d, x.source, w.data(), dx.out, asked.dw ? dw.data() : nullptr, in_order);
  oracle::depthwise_backward(s, d.d, x.source, w.data(), dx0.out, asked.dw ? dw0.data() : nullptr);
  const double magnitude = 4 * s.kernel_height * s.kernel_width, pixels = double(pixels_in(s));
  expect_near(dx, dx0, kTolerance * magnitude, kTolerance * magnitude * pixels);
  expect_near(dw, dw0, 8 * kTolerance * pixels);  // |d| |x| is about 8
}

TEST(Depthwise, StoresFinishedWhatAReaderWouldSee) {
  for_types([](Type type) {
    for_shapes(kPlainKernels, kPlainSizes, [type](const Depthwise& s) {
      for (const Act act : kActs) {
        TestSource x(pixels_in(s), s.channels, true, Act::Relu, 1, type);
        const auto w = Numbers(7).normals(weights_of(s));
        const auto scale = Numbers(2).factors(s.channels), shift = Numbers(3).offsets(s.channels);
        ForwardResult actual(s, type), raw(s), expected(s);
        depthwise_forward(s, x.source, w.data(), actual.y.data(), actual.y.stride(), {}, in_order,
                          {scale.data(), shift.data(), act});
        oracle::depthwise_forward(s, x.source, w.data(), raw.y.floats(), raw.y.stride(), {});
        const Source read{raw.y.data(), raw.y.stride(), scale.data(), shift.data(), act};
        oracle::sum_forward(pixels_out(s), s.channels, {&read, 1}, expected.y.floats(), expected.y.stride());
        expect_near(actual.y, expected.y, 8 * kTolerance * s.kernel_height * s.kernel_width);
      }
    });
  });
}

TEST(Depthwise, GivesTheGradientsThatAreAskedFor) {
  for_types([](Type type) {
    for_shapes(kPlainKernels, kPlainSizes, [type](const Depthwise& s) {
      for (const auto& asked : kAsked) expect_backward(s, asked, type, type);
      expect_backward(s, {}, Type::Float32, type);
    });
  });
}

TEST(Depthwise, IsRightOnMapsOfSeveralBandsAndGroups) {
  for_types([](Type type) {
    for (const auto& kernel : kPlainKernels)
      for (const int stride : {1, 2})
        for (const auto& size : {Size{2, 40, 40, 50}, Size{20, 4, 4, 200}, Size{1, 3, 600, 17}}) {
          const Depthwise s{size.images,   size.height,  size.width, size.channels,
                            kernel.height, kernel.width, stride};
          TestSource x(pixels_in(s), s.channels, true, Act::Relu6, 1, type);
          expect_forward(s, x.source, true, type);
          expect_backward(s, {}, type, type);
          TestSource plain(pixels_in(s), s.channels, false, Act::None, 2, type);
          expect_forward(s, plain.source, false, type);
        }
  });
}

TEST(Depthwise, IsRightOnMapsThatGoPastTheCaches) {
  for_types([](Type type) {
    const Depthwise s{2, 180, 192, 32 * (type == Type::Float32 ? 1 : 2), 3, 3, 1};
    TestSource x(pixels_in(s), s.channels, true, Act::Relu6, 1, type);
    TestGradientIn d(pixels_out(s), s.channels, true, 2, type);
    const auto w = Numbers(7).normals(weights_of(s));
    TestMap y(pixels_out(s), s.channels, 0, type), y0(pixels_out(s), s.channels, 0);
    depthwise_forward(s, x.source, w.data(), y.data(), y.stride(), {}, in_order);
    oracle::depthwise_forward(s, x.source, w.data(), y0.floats(), y0.stride(), {});
    expect_near(y, y0, 1e-4);
    depthwise_backward(s, d.d, x.source, w.data(), {y.data(), y.stride()}, nullptr, in_order);
    oracle::depthwise_backward(s, d.d, x.source, w.data(), {y0.data(), y0.stride()}, nullptr);
    expect_near(y, y0, 1e-4);
  });
}

TEST(Depthwise, KeepsStatisticsWhenTheMeanIsAThousandDeviations) {
  for_types([](Type type) {
    const Depthwise s{6, 40, 40, 20, 1, 1, 1};
    TestMap map(pixels_in(s), s.channels, 3, type);
    map.fill(Numbers(1).normal_values());
    const std::vector<float> w(s.channels, 1), thousand(s.channels, 1000);
    const Source x{map.data(), map.stride(), w.data(), thousand.data()};
    ForwardResult actual(s, type), expected(s);
    depthwise_forward(s, x, w.data(), actual.y.data(), actual.y.stride(), actual.moments(), in_order);
    oracle::depthwise_forward(s, x, w.data(), expected.y.floats(), expected.y.stride(), expected.moments());
    for (int c = 0; c < s.channels; ++c) {
      EXPECT_NEAR(actual.mean[c], expected.mean[c], 1e-6);
      EXPECT_NEAR(actual.squares[c] / expected.squares[c], 1, 1e-5);
    }
  });
}

TEST(Depthwise, KeepsTheDotWhenTheMeanIsAThousandDeviations) {
  for_types([](Type type) {
    const Depthwise s{4, 20, 20, 18, 3, 3, 1};
    Numbers numbers(1);
    TestMap map(pixels_in(s), s.channels, 3, type);
    map.fill([&] { return 1000 + numbers.normal(); });
    const Source x{.data = map.data(), .stride = map.stride()};
    TestGradientIn d(pixels_out(s), s.channels, false, 2, type);
    const auto w = numbers.normals(weights_of(s));
    TestGradientOut dx(pixels_in(s), s.channels, {}, 3, type), dx0(pixels_in(s), s.channels, {}, 3);
    dx.centre.assign(s.channels, 1000), dx0.centre.assign(s.channels, 1000);
    depthwise_backward(s, d.d, x, w.data(), dx.out, nullptr, in_order);
    oracle::depthwise_backward(s, d.d, x, w.data(), dx0.out, nullptr);
    expect_near(dx.dot, dx0.dot, 1e-6 * double(pixels_in(s)));
  });
}

TEST(Depthwise, GradientIsZeroAtTheThresholds) {
  for_instruction_sets([] {
    const Depthwise s{1, 1, 7, 1, 1, 1, 1};
    const std::vector<float> z{0, 6, 3, -1, 7, 0, 6}, ones(7, 1);
    const float one = 1, zero = 0;
    const auto through = [&](Act act) {
      std::vector<float> out(7, 9);
      depthwise_backward(s, {.dz = ones.data(), .stride = 1}, {z.data(), 1, &one, &zero, act}, &one,
                         {.data = out.data(), .stride = 1}, nullptr, in_order);
      return out;
    };
    EXPECT_EQ(through(Act::Relu), (std::vector<float>{0, 1, 1, 0, 1, 0, 1}));
    EXPECT_EQ(through(Act::Relu6), (std::vector<float>{0, 0, 1, 0, 0, 0, 0}));
  });
}

/// All that both directions give.
std::vector<double> all_results(const Depthwise& s, const ForEach& each, Type type) {
  TestSource x(pixels_in(s), s.channels, true, Act::Relu6, 1, type);
  TestGradientIn d(pixels_out(s), s.channels, true, 2, type);
  const auto w = Numbers(7).normals(weights_of(s));
  ForwardResult forward(s, type);
  TestGradientOut dx(pixels_in(s), s.channels, {}, 3, type);
  std::vector<float> dw(w.size()), bits;
  depthwise_forward(s, x.source, w.data(), forward.y.data(), forward.y.stride(), forward.moments(), each);
  depthwise_backward(s, d.d, x.source, w.data(), dx.out, dw.data(), each);
  append_bits(bits, forward.y);
  append_bits(bits, dx.map);
  std::vector<double> results(bits.begin(), bits.end());
  results.insert(results.end(), dw.begin(), dw.end());
  for (const auto* values : {&forward.mean, &forward.squares, &dx.sum, &dx.dot})
    results.insert(results.end(), values->begin(), values->end());
  return results;
}

TEST(Depthwise, GivesTheSameBitsHoweverItsChunksAreRun) {
  for_types([](Type type) {
    for (const Depthwise& s : {Depthwise{19, 9, 9, 40, 3, 3, 1}, Depthwise{35, 6, 7, 20, 5, 5, 2}}) {
      const auto expected = all_results(s, in_order, type);
      EXPECT_EQ(all_results(s, backwards, type), expected);
      EXPECT_EQ(all_results(s, on_two_threads, type), expected);
    }
  });
}

}  // namespace
}  // namespace ablate::kernels
