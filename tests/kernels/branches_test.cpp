#include "harness/kernels/branches.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/kernels/depthwise_shapes.h"
#include "tests/kernels/oracle_values.h"
#include "tests/kernels/test_maps.h"

namespace ablate::kernels {
namespace {

/// Two convolutions with the factors of their gradients, and last what the middle of their kernels sees, of
/// which a backward pass is told what the pixels get.
struct TestBranches {
  static constexpr int kCount = 3, kMiddle = 2;

  TestBranches(const Depthwise& shape, unsigned seed, Type type = Type::Float32)
      : s(shape), dz(pixels_out(s), s.channels, 2, type) {
    Numbers numbers(seed);
    dz.fill(numbers.normal_values());
    centre = numbers.normals(s.channels);
    for (int b = 0; b < kCount; ++b) {
      w.push_back(point(b) ? std::vector<float>(s.channels, 1.0f) : numbers.normals(s.channels * taps(b)));
      dw.emplace_back(w[b].size(), 9.0f);
      for (auto* c : {&c1, &c2, &c3}) c->push_back(numbers.normals(s.channels));
    }
  }
  static bool point(int b) { return b == kMiddle; }
  int taps(int b) const { return point(b) ? 1 : taps_of(s); }
  std::vector<const float*> branches() const { return {w[0].data(), w[1].data()}; }
  std::vector<BranchGradient> gradients() {
    std::vector<BranchGradient> all;
    for (int b = 0; b < kCount; ++b)
      if (!point(b)) all.push_back({w[b].data(), c1[b].data(), c2[b].data(), c3[b].data(), dw[b].data()});
    return all;
  }
  MiddleGradient middle() const { return {c1[kMiddle].data(), c2[kMiddle].data(), c3[kMiddle].data()}; }

  /// The pixel that tap t of a branch sees, -1 beyond the border; and what is there, less the centre.
  std::int64_t seen_by(int b, std::int64_t p, int t) const {
    return seen(s, p, point(b) ? s.kernel_height / 2 * s.kernel_width + s.kernel_width / 2 : t);
  }
  double tap_of(int b, const Source& x, std::int64_t p, int t, int c, double middle) const {
    const auto pixel = seen_by(b, p, t);
    return (pixel < 0 ? 0 : oracle::read(x, pixel, c)) - middle;
  }
  double output(int b, const Source& x, std::int64_t p, int c, double middle) const {
    double y = 0;
    for (int t = 0; t < taps(b); ++t)
      y += double(w[b][std::size_t(c) * taps(b) + t]) * tap_of(b, x, p, t, c, middle);
    return y;
  }

  Depthwise s;
  TestMap dz;
  std::vector<float> centre;
  std::vector<std::vector<float>> w, c1, c2, c3, dw;
};

/// `deviation`: of the values; sums of products with normal weights are of that size times sqrt(taps).
void expect_moments(const Depthwise& s, const Source& x, double deviation) {
  const TestBranches all(s, 2);
  std::vector<float> centre(s.channels, 99);
  std::vector<double> mean(std::size_t(TestBranches::kCount) * s.channels, 99), variance = mean;
  branch_moments(s, x, all.branches(), centre.data(), mean.data(), variance.data(), in_order);
  const double outputs = double(pixels_out(s));
  for (int b = 0; b < TestBranches::kCount; ++b)
    for (int c = 0; c < s.channels; ++c) {
      double sum = 0, squares = 0, largest = deviation;
      std::vector<double> y;
      for (std::int64_t p = 0; p < pixels_out(s); ++p) {
        y.push_back(all.output(b, x, p, c, centre[c]));
        sum += y.back() / outputs;
        largest = std::max(largest, std::abs(y.back()));
      }
      for (const double value : y) squares += (value - sum) * (value - sum) / outputs;
      ASSERT_NEAR(mean[b * s.channels + c], sum, 2e-6 * largest) << "branch " << b << ", channel " << c;
      ASSERT_NEAR(variance[b * s.channels + c], squares, 1e-5 * squares + 1e-6 * largest * largest)
          << "branch " << b << ", channel " << c;
    }
}

TEST(Branches, HaveTheMomentsOfWhatTheyGive) {
  for_shapes(2, [](const Depthwise& s) {
    for (const Act act : {Act::None, Act::Relu6}) {
      TestSource x(pixels_in(s), s.channels, true, act, 1);
      expect_moments(s, x.source, 4);
    }
    TestSource plain(pixels_in(s), s.channels, false, Act::None, 2);
    expect_moments(s, plain.source, 4);
  });
}

TEST(Branches, KeepTheirMomentsWhenTheMeanIsAThousandDeviations) {
  for_instruction_sets([] {
    const Depthwise s{6, 30, 34, 20, 1, 1, 2};  // without a border, whose outputs would deviate by the mean
    Numbers numbers(1);
    TestMap map(pixels_in(s), s.channels);
    map.fill([&] { return 1000 + numbers.normal(); });
    expect_moments(s, {.data = map.data(), .stride = map.stride()}, 1);
  });
}

/// Adds what the middle alone gives the pixels.
void add_middle(const TestBranches& all, const Source& x, std::vector<double>& g) {
  constexpr int kMiddle = TestBranches::kMiddle;
  for (std::int64_t p = 0; p < pixels_out(all.s); ++p)
    for (int c = 0; c < all.s.channels; ++c)
      g[all.seen_by(kMiddle, p, 0) * all.s.channels + c] +=
          double(all.c1[kMiddle][c]) * all.dz.at(p, c) +
          double(all.c2[kMiddle][c]) * all.tap_of(kMiddle, x, p, 0, c, all.centre[c]) + all.c3[kMiddle][c];
}

/// In double, by the definition; dw likewise.
void plain_backward(const TestBranches& all, const Source& x, const GradientOut& dx,
                    std::vector<std::vector<double>>& dw) {
  const auto& s = all.s;
  std::vector<double> g(pixels_in(s) * s.channels, 0.0);
  add_middle(all, x, g);
  for (int b = 0; b < TestBranches::kCount; ++b) {
    dw.emplace_back(all.w[b].size(), 0.0);
    for (std::int64_t p = 0; !TestBranches::point(b) && p < pixels_out(s); ++p)
      for (int c = 0; c < s.channels; ++c) {
        const double d = double(all.c1[b][c]) * all.dz.at(p, c) +
                         double(all.c2[b][c]) * all.output(b, x, p, c, all.centre[c]) + all.c3[b][c];
        for (int t = 0; t < all.taps(b); ++t) {
          const std::size_t at = std::size_t(c) * all.taps(b) + t;
          dw[b][at] += d * all.tap_of(b, x, p, t, c, all.centre[c]);
          if (const auto pixel = all.seen_by(b, p, t); pixel >= 0)
            g[pixel * s.channels + c] += d * double(all.w[b][at]);
        }
      }
  }
  oracle::store_all(dx, x, g, pixels_in(s), s.channels);
}

void expect_backward(const Depthwise& s, Act act, bool normalised, const Wanted& wanted,
                     Type type = Type::Float32) {
  TestSource x(pixels_in(s), s.channels, normalised, act, 1, type);
  TestBranches all(s, 2, type);
  TestGradientOut actual(pixels_in(s), s.channels, wanted, 3, type);
  TestGradientOut expected(pixels_in(s), s.channels, wanted, 3);
  branch_backward(s, all.dz.data(), all.dz.stride(), x.source, all.centre.data(), all.gradients(),
                  all.middle(), actual.out, in_order);
  std::vector<std::vector<double>> dw;
  plain_backward(all, x.source, expected.out, dw);
  const double magnitude = 48.0 * taps_of(s) * taps_of(s), pixels = double(pixels_in(s));
  expect_near(actual, expected, 1e-6 * magnitude, 1e-6 * magnitude * pixels);
  for (int b = 0; b < TestBranches::kCount; ++b)
    if (!TestBranches::point(b))
      expect_near({all.dw[b].begin(), all.dw[b].end()}, dw[b], 48e-6 * taps_of(s) * double(pixels_out(s)));
}

TEST(Branches, GiveTheirInputAndTheirWeightsTheirGradients) {
  for_shapes(2, [](const Depthwise& s) {
    expect_backward(s, Act::Relu6, true, {});
    expect_backward(s, Act::Relu, true, {.data = true, .sums = true, .base = Base::Itself});
    expect_backward(s, Act::None, true, {.data = true, .sums = false, .base = Base::Other});
    expect_backward(s, Act::None, false, {.data = false, .sums = true});
  });
}

TEST(Branches, GiveTheirInputWhatTheMiddleAloneGivesIt) {
  for_shapes(2, [](const Depthwise& s) {
    TestSource x(pixels_in(s), s.channels, true, Act::Relu6, 1);
    TestBranches all(s, 2);
    TestGradientOut alone(pixels_in(s), s.channels, {}, 3), expected(pixels_in(s), s.channels, {}, 3);
    branch_backward(s, all.dz.data(), all.dz.stride(), x.source, all.centre.data(), {}, all.middle(),
                    alone.out, in_order);
    std::vector<double> g(pixels_in(s) * s.channels, 0.0);
    add_middle(all, x.source, g);
    oracle::store_all(expected.out, x.source, g, pixels_in(s), s.channels);
    expect_near(alone, expected, 1e-5, 1e-5 * double(pixels_in(s)));
  });
}

TEST(Branches, AreRightOnMapsOfSeveralGroups) {
  for_instruction_sets([] {
    for (const auto& size : {Size{2, 40, 40, 90}, Size{3, 8, 8, 700}, Size{1, 3, 600, 17}}) {
      const Depthwise s{size.images, size.height, size.width, size.channels, 5, 5, 2};
      TestSource x(pixels_in(s), s.channels, true, Act::Relu6, 1);
      expect_moments(s, x.source, 4);
      expect_backward(s, Act::Relu6, true, {});
    }
  });
}

TEST(Branches, AreRightWherePairsOfImagesAreWorkedOnAsOne) {
  for_paired_shapes(2, [](const Depthwise& s, Type type) {
    TestSource x(pixels_in(s), s.channels, true, Act::Relu6, 1, type);
    expect_moments(s, x.source, 4);
    expect_backward(s, Act::Relu6, true, {}, type);
    expect_backward(s, Act::None, false, {.data = true, .sums = true, .base = Base::Other}, type);
  });
}

/// All that the functions give.
std::vector<double> all_results(const Depthwise& s, const ForEach& each) {
  TestSource x(pixels_in(s), s.channels, true, Act::Relu6, 1);
  TestBranches all(s, 2);
  TestGradientOut dx(pixels_in(s), s.channels, {}, 3);
  std::vector<double> mean(std::size_t(TestBranches::kCount) * s.channels), variance = mean;
  branch_moments(s, x.source, all.branches(), all.centre.data(), mean.data(), variance.data(), each);
  branch_backward(s, all.dz.data(), all.dz.stride(), x.source, all.centre.data(), all.gradients(),
                  all.middle(), dx.out, each);
  std::vector<float> bits;
  append_bits(bits, dx.map);
  std::vector<double> results(bits.begin(), bits.end());
  for (const auto& dw : all.dw) results.insert(results.end(), dw.begin(), dw.end());
  for (const auto* values : {&mean, &variance, &dx.sum, &dx.dot})
    results.insert(results.end(), values->begin(), values->end());
  return results;
}

TEST(Branches, GiveTheSameBitsHoweverTheirChunksAreRun) {
  for_instruction_sets([] {
    for (const int images : {35, 36}) {
      const Depthwise s{images, 16, 17, 20, 5, 5, 2};
      const auto expected = all_results(s, in_order);
      EXPECT_EQ(all_results(s, backwards), expected);
      EXPECT_EQ(all_results(s, on_two_threads), expected);
    }
  });
}

}  // namespace
}  // namespace ablate::kernels
