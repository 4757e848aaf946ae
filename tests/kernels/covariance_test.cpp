#include "harness/kernels/covariance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/kernels/oracle.h"
#include "tests/kernels/oracle_values.h"
#include "tests/kernels/test_maps.h"

namespace ablate::kernels {
namespace {

struct Found {
  explicit Found(int channels) : mean(channels, 99), covariance(std::size_t(channels) * channels, 99) {}
  bool operator==(const Found&) const = default;
  std::vector<double> mean;
  std::vector<float> covariance;
};

Found found(std::int64_t rows, int channels, const Source& x, const ForEach& each) {
  Found result(channels);
  covariance_of(rows, channels, x, result.mean.data(), result.covariance.data(), each);
  return result;
}
Found found(std::int64_t rows, int channels, const TestMap& map, const ForEach& each) {
  return found(rows, channels, {.data = map.data(), .stride = map.stride()}, each);
}

/// What is read through a Source, less a value a channel, as a map.
TestMap& fill_read(TestMap& to, const Source& x, const std::vector<float>& centre = {}) {
  std::int64_t next = 0;
  return to.fill([&] {
    const int c = int(next % to.channels());
    const double value = oracle::read(x, next++ / to.channels(), c);
    return static_cast<float>(centre.empty() ? value : value - centre[c]);
  });
}

/// By the definition, in double, means first.
std::vector<double> plain_covariance(std::int64_t rows, int channels, const TestMap& map,
                                     std::vector<double>& mean) {
  mean.assign(channels, 0);
  std::vector<double> covariance(std::size_t(channels) * channels, 0);
  for (std::int64_t r = 0; r < rows; ++r)
    for (int c = 0; c < channels; ++c) mean[c] += map.at(r, c) / double(rows);
  for (std::int64_t r = 0; r < rows; ++r)
    for (int a = 0; a < channels; ++a)
      for (int b = 0; b < channels; ++b)
        covariance[std::size_t(a) * channels + b] +=
            (map.at(r, a) - mean[a]) * (map.at(r, b) - mean[b]) / double(rows);
  return covariance;
}

/// tolerance: of a covariance, against the deviations of its two channels; of a mean, against its own.
void expect_covariance(std::int64_t rows, int channels, const TestMap& map, double tolerance) {
  const auto actual = found(rows, channels, map, in_order);
  std::vector<double> mean;
  const auto expected = plain_covariance(rows, channels, map, mean);
  const auto deviation = [&](int c) { return std::sqrt(expected[std::size_t(c) * channels + c]); };
  for (int a = 0; a < channels; ++a) {
    ASSERT_NEAR(actual.mean[a], mean[a], tolerance * deviation(a) + 1e-7 * std::abs(mean[a])) << a;
    for (int b = 0; b < channels; ++b) {
      const std::size_t at = std::size_t(a) * channels + b;
      ASSERT_NEAR(actual.covariance[at], expected[at], tolerance * deviation(a) * deviation(b))
          << "channels " << a << " and " << b << " of " << channels << ", " << rows << " rows";
      ASSERT_EQ(actual.covariance[at], actual.covariance[std::size_t(b) * channels + a]);
    }
  }
}

/// bfloat16 has eight bits: a rounded difference is right to 2^-8, a product of two to 2^-7.
double tolerance_of(Type type) {
  return type == Type::Float32 ? 2e-6 : 1.0 / 128;
}

TEST(Covariance, IsThatOfTheDefinition) {
  for_types([](Type type) {
    for (const int channels : {1, 3, 8, 16, 17, 36, 48, 49, 81, 112, 160})
      for (const std::int64_t rows : {2, 63, 65, 700}) {
        TestMap map(rows, channels, 3, type);
        map.fill(Numbers(unsigned(channels)).normal_values());
        expect_covariance(rows, channels, map, tolerance_of(type));
      }
  });
}

TEST(Covariance, IsOfTheValuesAsTheyAreRead) {
  for_instruction_sets([] {
    for (const Act act : {Act::None, Act::Relu, Act::Relu6}) {
      constexpr int kChannels = 37;
      const TestSource x(900, kChannels, true, act, 1);
      TestMap read(900, kChannels, 3);
      const auto actual = found(900, kChannels, x.source, in_order);
      const auto expected = found(900, kChannels, fill_read(read, x.source), in_order);
      for (std::size_t i = 0; i < expected.covariance.size(); ++i)
        ASSERT_NEAR(actual.covariance[i], expected.covariance[i], 1e-4) << i;
      for (int c = 0; c < kChannels; ++c) ASSERT_NEAR(actual.mean[c], expected.mean[c], 1e-5) << c;
    }
  });
}

/// Against a convolution of what is read less the centre, as a gradient.
void expect_curvature(std::int64_t rows, int channels, Act act, const Wanted& wanted) {
  const TestSource x(rows, channels, act != Act::None, act, 1);
  Numbers numbers(2);
  const auto centre = numbers.offsets(channels), curvature = numbers.normals(channels * channels);
  TestMap centred(rows, channels, 3);
  fill_read(centred, x.source, centre);
  TestGradientOut actual(rows, channels, wanted, 3), expected(rows, channels, wanted, 3);
  curvature_backward(rows, channels, x.source, centre.data(), curvature.data(), actual.out, in_order);
  oracle::pointwise_backward({rows, channels, channels}, {.dz = centred.data(), .stride = centred.stride()},
                             x.source, curvature.data(), expected.out, nullptr);
  const double each = 1e-5 * channels;
  expect_near(actual.map, expected.map, each);
  for (int c = 0; c < channels; ++c) {
    ASSERT_NEAR(actual.sum[c], expected.sum[c], each * double(rows)) << c;
    ASSERT_NEAR(actual.dot[c], expected.dot[c], 4 * each * double(rows)) << c;
  }
}

TEST(Curvature, GivesAnInputWhatItsValuesLessTheCentreMakeOfIt) {
  for_instruction_sets([] {
    for (const int channels : {1, 16, 24, 49})
      for (const std::int64_t rows : {1, 65, 300}) {
        expect_curvature(rows, channels, Act::None, {});
        expect_curvature(rows, channels, Act::Relu, {.data = true, .sums = true, .base = Base::Itself});
        expect_curvature(rows, channels, Act::Relu6, {.data = true, .sums = false, .base = Base::Other});
      }
  });
}

TEST(Covariance, HoldsWhenTheMeanIsAThousandDeviations) {
  for_instruction_sets([] {
    TestMap map(20000, 20, 3);
    Numbers numbers(1);
    map.fill([&] { return 1000 + numbers.normal(); });
    expect_covariance(20000, 20, map, 1e-5);
  });
}

TEST(Covariance, OfChannelsThatAreTheSameIsTheirVariance) {
  for_instruction_sets([] {
    TestMap map(3000, 40, 3);
    Numbers numbers(1);
    int channel = 0;
    float value = 0;
    map.fill([&] {
      if (channel++ % 40 == 0) value = numbers.normal();
      return value;
    });
    const auto actual = found(3000, 40, map, in_order);
    for (const float one : actual.covariance) ASSERT_EQ(one, actual.covariance[0]);
  });
}

TEST(Covariance, HasTheSameBitsInWhateverOrderItsPartsAreDone) {
  for_types([](Type type) {
    TestMap map(9000, 52, 3, type);
    map.fill(Numbers(1).normal_values());
    const auto expected = found(9000, 52, map, in_order);
    EXPECT_EQ(found(9000, 52, map, backwards), expected);
    EXPECT_EQ(found(9000, 52, map, on_two_threads), expected);
  });
}

}  // namespace
}  // namespace ablate::kernels
