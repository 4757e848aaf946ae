#include "harness/kernels/covariance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/kernels/test_maps.h"

namespace ablate::kernels {
namespace {

struct Found {
  explicit Found(int channels) : mean(channels, 99), covariance(std::size_t(channels) * channels, 99) {}
  bool operator==(const Found&) const = default;
  std::vector<double> mean;
  std::vector<float> covariance;
};

Found found(std::int64_t rows, int channels, const TestMap& map, const ForEach& each) {
  Found result(channels);
  covariance_of(rows, channels, {.data = map.data(), .stride = map.stride()}, result.mean.data(),
                result.covariance.data(), each);
  return result;
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
