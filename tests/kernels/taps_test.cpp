#include "harness/kernels/taps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/kernels/depthwise_shapes.h"
#include "tests/kernels/oracle_values.h"
#include "tests/kernels/test_maps.h"

namespace ablate::kernels {
namespace {

struct TestMoments {
  explicit TestMoments(const Depthwise& s)
      : centre(s.channels, 99),
        mean(std::size_t(s.channels) * taps_of(s), 99),
        covariance(std::size_t(s.channels) * taps_of(s) * taps_of(s), 99) {}
  TapMoments out() { return {centre.data(), mean.data(), covariance.data()}; }
  std::vector<float> centre;
  std::vector<double> mean, covariance;
};

TestMoments plain_moments(const Depthwise& s, const Source& x) {
  TestMoments m(s);
  const int taps = taps_of(s);
  const double outputs = double(pixels_out(s));
  for (int c = 0; c < s.channels; ++c) {
    double* mean = &m.mean[std::size_t(c) * taps];
    for (int t = 0; t < taps; ++t) {
      mean[t] = 0;
      for (std::int64_t p = 0; p < pixels_out(s); ++p) mean[t] += tap(s, x, p, t, c) / outputs;
    }
    for (int t = 0; t < taps; ++t)
      for (int u = 0; u < taps; ++u) {
        double sum = 0;
        for (std::int64_t p = 0; p < pixels_out(s); ++p)
          sum += (tap(s, x, p, t, c) - mean[t]) * (tap(s, x, p, u, c) - mean[u]);
        m.covariance[(std::size_t(c) * taps + t) * taps + u] = sum / outputs;
      }
  }
  return m;
}

/// `scale`: of the values; the covariance is compared with the deviations of its two taps, down to what
/// float32 leaves of products of that size.
void expect_moments(const Depthwise& s, const Source& x, double scale) {
  TestMoments actual(s);
  tap_moments(s, x, actual.out(), in_order);
  const auto expected = plain_moments(s, x);
  expect_near(actual.mean, expected.mean, 1e-6 * scale);
  const int taps = taps_of(s);
  for (int c = 0; c < s.channels; ++c) {
    const auto at = [&](int t, int u) { return (std::size_t(c) * taps + t) * taps + u; };
    for (int t = 0; t < taps; ++t)
      for (int u = 0; u < taps; ++u)
        ASSERT_NEAR(actual.covariance[at(t, u)], expected.covariance[at(t, u)],
                    1e-5 * std::sqrt(expected.covariance[at(t, t)] * expected.covariance[at(u, u)]) +
                        1e-8 * scale * scale)
            << "channel " << c << ", taps " << t << " and " << u;
  }
}

TEST(Taps, HaveTheMomentsOfWhatTheySee) {
  for_shapes(1, [](const Depthwise& s) {
    for (const Act act : {Act::None, Act::Relu, Act::Relu6}) {
      TestSource x(pixels_in(s), s.channels, true, act, 1);
      expect_moments(s, x.source, 4);
    }
    TestSource plain(pixels_in(s), s.channels, false, Act::None, 2);
    expect_moments(s, plain.source, 4);
  });
}

TEST(Taps, KeepTheirMomentsWhenTheMeanIsAThousandDeviations) {
  for_instruction_sets([] {
    const Depthwise s{6, 30, 34, 20, 3, 3, 1};
    Numbers numbers(1);
    TestMap map(pixels_in(s), s.channels);
    map.fill([&] { return 1000 + numbers.normal(); });
    expect_moments(s, {.data = map.data(), .stride = map.stride()}, 1);
  });
}

TEST(Taps, SeeADifferenceOfNeighboursAThousandTimesSmallerThanTheirDeviation) {
  for_instruction_sets([] {
    const Depthwise s{4, 64, 64, 16, 1, 3, 1};
    Numbers numbers(1);
    TestMap map(pixels_in(s), s.channels);
    std::int64_t next = 0;
    map.fill([&] {
      const std::int64_t r = next++ / s.channels;
      return std::sin(float(r / s.width)) + 1e-3f * numbers.normal() * float(r % s.width != 0);
    });
    const Source x{.data = map.data(), .stride = map.stride()};
    TestMoments actual(s);
    tap_moments(s, x, actual.out(), in_order);
    const auto expected = plain_moments(s, x);
    for (int c = 0; c < s.channels; ++c) {  // the variance of the second tap less the third
      const auto variance = [&](const std::vector<double>& of) {
        return of[c * 9 + 4] - 2 * of[c * 9 + 5] + of[c * 9 + 8];
      };
      EXPECT_NEAR(variance(actual.covariance) / variance(expected.covariance), 1, 1e-4);
    }
  });
}

struct TestGradients {
  TestGradients(const Depthwise& s, unsigned seed, Type type = Type::Float32)
      : dz(pixels_out(s), s.channels, 2, type) {
    Numbers numbers(seed);
    dz.fill(numbers.normal_values());
    const int taps = taps_of(s);
    kernel = numbers.normals(s.channels * taps), constant = numbers.normals(s.channels * taps);
    curvature = numbers.normals(s.channels * taps * taps), centre = numbers.normals(s.channels);
    for (int c = 0; c < s.channels; ++c)
      for (int t = 0; t < taps; ++t)
        for (int u = 0; u < t; ++u) at(c, t, u, taps) = at(c, u, t, taps);
  }
  float& at(int c, int t, int u, int taps) { return curvature[(std::size_t(c) * taps + t) * taps + u]; }
  TapGradient gradient() const { return {kernel.data(), constant.data(), curvature.data(), centre.data()}; }
  TestMap dz;
  std::vector<float> kernel, constant, curvature, centre;
};

void expect_products(const Depthwise& s, Act act, bool normalised, Type type = Type::Float32) {
  TestSource x(pixels_in(s), s.channels, normalised, act, 1, type);
  const TestGradients d(s, 2, type);
  const int taps = taps_of(s);
  std::vector<double> actual(std::size_t(s.channels) * taps, 9), expected(actual.size(), 0);
  tap_products(s, d.dz.data(), d.dz.stride(), x.source, d.centre.data(), actual.data(), in_order);
  for (int c = 0; c < s.channels; ++c)
    for (int t = 0; t < taps; ++t)
      for (std::int64_t p = 0; p < pixels_out(s); ++p)
        expected[std::size_t(c) * taps + t] +=
            double(d.dz.at(p, c)) * (tap(s, x.source, p, t, c) - d.centre[c]);
  expect_near(actual, expected, 8e-6 * double(pixels_out(s)));
}

TEST(Taps, GiveTheirProductsWithAGradient) {
  for_shapes([](const Depthwise& s) {
    expect_products(s, Act::Relu6, true);
    expect_products(s, Act::None, false);
  });
}

/// In double, by the definition.
void plain_backward(const Depthwise& s, const TestMap& dz, const Source& x, const TapGradient& gradient,
                    const GradientOut& dx) {
  const int taps = taps_of(s);
  std::vector<double> g(pixels_in(s) * s.channels, 0.0);
  for (std::int64_t p = 0; p < pixels_out(s); ++p)
    for (int c = 0; c < s.channels; ++c)
      for (int t = 0; t < taps; ++t) {
        const std::int64_t pixel = seen(s, p, t), at = std::int64_t(c) * taps + t;
        if (pixel < 0) continue;
        double sum = double(gradient.kernel[at]) * dz.at(p, c) + gradient.constant[at];
        for (int u = 0; u < taps; ++u)
          sum -= double(gradient.curvature[at * taps + u]) * (tap(s, x, p, u, c) - gradient.centre[c]);
        g[pixel * s.channels + c] += sum;
      }
  oracle::store_all(dx, x, g, pixels_in(s), s.channels);
}

void expect_backward(const Depthwise& s, Act act, bool normalised, const Wanted& wanted,
                     Type type = Type::Float32) {
  TestSource x(pixels_in(s), s.channels, normalised, act, 1, type);
  const TestGradients d(s, 2, type);
  TestGradientOut actual(pixels_in(s), s.channels, wanted, 3, type);
  TestGradientOut expected(pixels_in(s), s.channels, wanted, 3);
  tap_backward(s, d.dz.data(), d.dz.stride(), x.source, d.gradient(), actual.out, in_order);
  plain_backward(s, d.dz, x.source, d.gradient(), expected.out);
  const int taps = taps_of(s);
  const double magnitude = 4.0 * taps * taps, pixels = double(pixels_in(s));
  expect_near(actual, expected, 1e-6 * magnitude, 1e-6 * magnitude * pixels);
}

TEST(Taps, GiveTheirInputItsGradient) {
  for_shapes(1, [](const Depthwise& s) {
    expect_backward(s, Act::Relu6, true, {});
    expect_backward(s, Act::Relu, true, {.data = true, .sums = true, .base = Base::Itself});
    expect_backward(s, Act::None, true, {.data = true, .sums = false, .base = Base::Other});
    expect_backward(s, Act::None, false, {.data = false, .sums = true});
  });
}

TEST(Taps, AreRightOnMapsOfSeveralBandsAndGroups) {
  for_instruction_sets([] {
    for (const auto& size :
         {Size{2, 40, 40, 50}, Size{40, 4, 4, 200}, Size{150, 4, 3, 20}, Size{23, 7, 7, 40},
          Size{2, 8, 8, 700}, Size{3, 14, 28, 70}, Size{1, 3, 600, 17}}) {
      const Depthwise s{size.images, size.height, size.width, size.channels, 3, 3, 1};
      TestSource x(pixels_in(s), s.channels, true, Act::Relu6, 1);
      expect_moments(s, x.source, 4);
      expect_backward(s, Act::Relu6, true, {});
    }
  });
}

TEST(Taps, AreRightWherePairsOfImagesAreWorkedOnAsOne) {
  for_paired_shapes(1, [](const Depthwise& s, Type type) {
    TestSource x(pixels_in(s), s.channels, true, Act::Relu6, 1, type);
    expect_moments(s, x.source, 4);
    expect_products(s, Act::Relu, true, type);
    expect_products({s.images, s.height, s.width, s.channels, 5, 5, 2}, Act::Relu, true, type);
    expect_backward(s, Act::Relu6, true, {}, type);
    expect_backward(s, Act::None, false, {.data = true, .sums = true, .base = Base::Itself}, type);
  });
}

TEST(Taps, GiveNoGradientAtTheThresholds) {
  for_instruction_sets([] {
    const Depthwise s{1, 1, 7, 1, 1, 1, 1};
    const std::vector<float> z{0, 6, 3, -1, 7, 1e-9f, 6}, ones(7, 1);
    const float one = 1, zero = 0;
    std::vector<float> out(7, 9);
    const TapGradient gradient{&one, &zero, &zero, &one};
    tap_backward(s, ones.data(), 1, {z.data(), 1, &one, &zero, Act::Relu6}, gradient,
                 {.data = out.data(), .stride = 1}, in_order);
    EXPECT_EQ(out, (std::vector<float>{0, 0, 1, 0, 0, 1, 0}));
  });
}

/// All that the functions give.
std::vector<double> all_results(const Depthwise& s, const ForEach& each) {
  TestSource x(pixels_in(s), s.channels, true, Act::Relu6, 1);
  const TestGradients d(s, 2);
  TestMoments moments(s);
  std::vector<double> products(std::size_t(s.channels) * taps_of(s));
  TestGradientOut dx(pixels_in(s), s.channels, {}, 3);
  tap_moments(s, x.source, moments.out(), each);
  tap_products(s, d.dz.data(), d.dz.stride(), x.source, d.centre.data(), products.data(), each);
  tap_backward(s, d.dz.data(), d.dz.stride(), x.source, d.gradient(), dx.out, each);
  std::vector<float> bits;
  append_bits(bits, dx.map);
  std::vector<double> results(bits.begin(), bits.end());
  results.insert(results.end(), moments.centre.begin(), moments.centre.end());
  for (const auto* values : {&moments.mean, &moments.covariance, &products, &dx.sum, &dx.dot})
    results.insert(results.end(), values->begin(), values->end());
  return results;
}

TEST(Taps, GiveTheSameBitsHoweverTheirChunksAreRun) {
  for_instruction_sets([] {
    for (const Depthwise& s : {Depthwise{19, 18, 17, 40, 3, 3, 1}, Depthwise{35, 16, 14, 20, 5, 5, 1},
                               Depthwise{36, 16, 14, 20, 3, 3, 1}}) {
      const auto expected = all_results(s, in_order);
      EXPECT_EQ(all_results(s, backwards), expected);
      EXPECT_EQ(all_results(s, on_two_threads), expected);
    }
  });
}

}  // namespace
}  // namespace ablate::kernels
