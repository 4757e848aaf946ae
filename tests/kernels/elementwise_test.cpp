#include "harness/kernels/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/kernels/elementwise_case.h"
#include "tests/kernels/oracle.h"
#include "tests/kernels/oracle_values.h"
#include "tests/kernels/test_maps.h"

namespace ablate::kernels {
namespace {

constexpr int kChannels[] = {1, 3, 8, 16, 20, 37, 48};

TEST(Sum, AddsItsSourcesAsRead) {
  for_types([](Type type) {
    for (const int channels : kChannels)
      for (const std::int64_t rows : {1, 7, 29}) {
        TestSource plain(rows, channels, false, Act::None, 1, type),
            one(rows, channels, true, Act::Relu6, 2, type),
            other(rows, channels, true, Act::Sigmoid, 3, type),
            third(rows, channels, true, Act::HardSigmoid, 4, type);
        const std::vector<Source> sources{plain.source, one.source, other.source, third.source};
        TestMap actual(rows, channels, 3, type), expected(rows, channels);
        sum_forward(rows, channels, sources, actual.data(), actual.stride(), in_order);
        oracle::sum_forward(rows, channels, sources, expected.floats(), expected.stride());
        expect_near(actual, expected, kTolerance);
      }
  });
}

TEST(Sum, OfOneSourceIsEveryActivationItself) {
  for_types([](Type type) {
    for (const Act act : kActs) {
      TestSource x(33, 18, true, act, 1, type);
      TestMap actual(33, 18, 3, type), expected(33, 18);
      sum_forward(33, 18, {&x.source, 1}, actual.data(), actual.stride(), in_order);
      oracle::sum_forward(33, 18, {&x.source, 1}, expected.floats(), expected.stride());
      expect_near(actual, expected, 1e-6);
    }
  });
}

TEST(PassGradient, GivesWhatIsAskedForThroughEveryActivation) {
  for_types([](Type type) {
    for (const int channels : kChannels)
      for (const Act act : kActs)
        for (const auto& wanted : kWanted)
          for (const std::int64_t rows : {1, 6, 30}) {
            TestSource x(rows, channels, act != Act::None || wanted.sums, act, 1);
            Numbers numbers(2);
            TestMap g(rows, channels, 2, type);
            g.fill(numbers.normal_values());
            TestGradientOut actual(rows, channels, wanted, 3, type), expected(rows, channels, wanted, 3);
            pass_gradient(rows, channels, g.data(), g.stride(), x.source, actual.out, in_order);
            oracle::pass_gradient(rows, channels, g.data(), g.stride(), x.source, expected.out);
            expect_near(actual, expected, kTolerance, sums_of(rows));
          }
  });
}

TEST(SharedGradient, SumsWhatEachMapWouldGetByItself) {
  for_types([](Type type) {
    for (const int channels : kChannels)
      for (const int maps : {1, 3, 4})
        for (const std::int64_t rows : {1, 6, 130, 1500}) {
          const int all = maps * channels;
          Numbers numbers(1);
          TestMap g(rows, channels, 2, type), y(rows, all, 3, type);
          g.fill(numbers.normal_values()), y.fill(numbers.normal_values());
          const auto centre = numbers.normals(all);
          std::vector<double> sum(all, 0.5), dot(all, -0.5), sum0 = sum, dot0 = dot;
          shared_gradient_sums(
              {rows, channels, maps, g.data(), g.stride(), y.data(), y.stride(), centre.data()}, sum.data(),
              dot.data(), on_two_threads);
          for (int at = 0; at < all; at += channels)
            oracle::pass_gradient(rows, channels, g.data(), g.stride(),
                                  {.data = y.data() + at, .stride = y.stride()},
                                  {.sum = &sum0[at], .dot = &dot0[at], .centre = &centre[at]});
          expect_near(sum, sum0, sums_of(rows));
          expect_near(dot, dot0, sums_of(rows));
        }
  });
}

TEST(SharedGradient, HasTheSameSumsInWhateverOrderItsPartsAreDone) {
  Numbers numbers(1);
  TestMap g(3000, 12), y(3000, 36);
  g.fill(numbers.normal_values()), y.fill(numbers.normal_values());
  const std::vector<float> centre(36, 0.25f);
  const auto sums = [&](const ForEach& each) {
    std::vector<double> sum(36), dot(36);
    shared_gradient_sums({3000, 12, 3, g.data(), g.stride(), y.data(), y.stride(), centre.data()}, sum.data(),
                         dot.data(), each);
    sum.insert(sum.end(), dot.begin(), dot.end());
    return sum;
  };
  EXPECT_EQ(sums(in_order), sums(backwards));
}

TEST(MomentsOf, AreThoseOfTheSourceAsRead) {
  for_types([](Type type) {
    for (const int channels : kChannels)
      for (const Act act : kActs)
        for (const std::int64_t rows : {1, 30, 1500}) {
          TestSource x(rows, channels, true, act, 1, type);
          std::vector<double> mean(channels), squares(channels), mean0(channels), squares0(channels);
          moments_of(rows, channels, x.source, {mean.data(), squares.data()}, in_order);
          oracle::moments_of(rows, channels, x.source, {mean0.data(), squares0.data()});
          for (int c = 0; c < channels; ++c) {
            ASSERT_NEAR(mean[c], mean0[c], 1e-6 * (1 + std::abs(mean0[c])));
            ASSERT_NEAR(squares[c], squares0[c], 2e-6 * squares0[c] + 1e-12);
          }
        }
  });
}

TEST(MomentsOf, HoldWhenTheMeanIsAThousandDeviations) {
  for_types([](Type type) {
    const std::int64_t rows = 20000;
    TestMap map(rows, 5, 3, type);
    map.fill(Numbers(1).normal_values());
    const std::vector<float> one(5, 1), thousand(5, 1000);
    std::vector<double> mean(5), squares(5), mean0(5), squares0(5);
    const Source x{map.data(), map.stride(), one.data(), thousand.data()};
    moments_of(rows, 5, x, {mean.data(), squares.data()}, in_order);
    oracle::moments_of(rows, 5, x, {mean0.data(), squares0.data()});
    for (int c = 0; c < 5; ++c) {
      EXPECT_NEAR(mean[c], mean0[c], 1e-6);
      EXPECT_NEAR(squares[c] / squares0[c], 1, 1e-5);
    }
  });
}

constexpr Gate kGates[] = {{2, 4, 4, 20, 1, 1}, {3, 5, 7, 16, 2, 3}, {1, 1, 1, 3, 1, 1}, {2, 6, 6, 37, 3, 3},
                           {1, 2, 3, 8, 4, 4},  {2, 9, 2, 1, 9, 1},  {2, 8, 8, 36, 4, 4}};

TEST(Gate, MultipliesEveryPixelByTheNearestOfTheGate) {
  for_types([](Type type) {
    for (const auto& s : kGates)
      for (const Act act : {Act::Sigmoid, Act::HardSigmoid, Act::None}) {
        const std::int64_t rows = std::int64_t(s.images) * s.height * s.width;
        TestSource x(rows, s.channels, true, Act::Relu, 1, type);
        TestSource gate(std::int64_t(s.images) * s.gate_height * s.gate_width, s.channels, true, act, 2,
                        type);
        TestMap actual(rows, s.channels, 3, type), expected(rows, s.channels);
        gate_forward(s, x.source, gate.source, actual.data(), actual.stride(), in_order);
        oracle::gate_forward(s, x.source, gate.source, expected.floats(), expected.stride());
        expect_near(actual, expected, 10 * kTolerance);
      }
  });
}

TEST(Gate, PartsTheGradientBetweenMapAndGate) {
  for_types([](Type type) {
    for (const auto& s : kGates)
      for (const auto& wanted : kWanted)
        for (const Act act : {Act::Sigmoid, Act::HardSigmoid}) {
          const std::int64_t rows = std::int64_t(s.images) * s.height * s.width;
          const std::int64_t gates = std::int64_t(s.images) * s.gate_height * s.gate_width;
          TestSource x(rows, s.channels, true, Act::Relu6, 1, type),
              gate(gates, s.channels, true, act, 2, type);
          Numbers numbers(3);
          TestMap g(rows, s.channels, 4, type);
          g.fill(numbers.normal_values());
          TestGradientOut dx(rows, s.channels, wanted, 4, type), dx0(rows, s.channels, wanted, 4);
          TestGradientOut dgate(gates, s.channels, wanted, 5, type), dgate0(gates, s.channels, wanted, 5);
          gate_backward(s, g.data(), g.stride(), x.source, gate.source, dx.out, dgate.out, in_order);
          oracle::gate_backward(s, g.data(), g.stride(), x.source, gate.source, dx0.out, dgate0.out);
          expect_near(dx, dx0, kTolerance, sums_of(rows));
          expect_near(dgate, dgate0, sums_of(rows), sums_of(10 * rows));
        }
  });
}

TEST(Interleave, TakesChannelsInTurn) {
  for_types([](Type type) {
    for (const int channels : kChannels)
      for (const std::int64_t rows : {1, 7, 29}) {
        TestSource a(rows, channels, false, Act::None, 1, type), b(rows, channels, true, Act::Relu, 2, type);
        TestMap actual(rows, 2 * channels, 3, type), expected(rows, 2 * channels);
        interleave_forward(rows, channels, a.source, b.source, actual.data(), actual.stride(), in_order);
        oracle::interleave_forward(rows, channels, a.source, b.source, expected.floats(), expected.stride());
        expect_near(actual, expected, kTolerance);
      }
  });
}

TEST(Interleave, GivesEachItsGradientBack) {
  for_types([](Type type) {
    for (const int channels : kChannels)
      for (const auto& wanted : kWanted)
        for (const std::int64_t rows : {1, 7, 29}) {
          TestSource a(rows, channels, false, Act::None, 1, type),
              b(rows, channels, true, Act::Relu, 2, type);
          Numbers numbers(3);
          TestMap g(rows, 2 * channels, 1, type);
          g.fill(numbers.normal_values());
          TestGradientOut da(rows, channels, {}, 4, type), da0(rows, channels, {}, 4);
          TestGradientOut db(rows, channels, wanted, 5, type), db0(rows, channels, wanted, 5);
          interleave_backward(rows, channels, g.data(), g.stride(), a.source, b.source, da.out, db.out,
                              in_order);
          oracle::interleave_backward(rows, channels, g.data(), g.stride(), a.source, b.source, da0.out,
                                      db0.out);
          expect_near(da, da0, kTolerance, sums_of(rows));
          expect_near(db, db0, kTolerance, sums_of(rows));
        }
  });
}

/// Everything the backward kernels give for maps large enough to be cut into chunks.
std::vector<float> all_results(const ForEach& each, Type type) {
  const Gate s{40, 12, 12, 20, 6, 6};
  const Pool pool{40, 12, 12, 20, 5, 5};
  const std::int64_t rows = 40 * 12 * 12, gates = 40 * 6 * 6;
  TestSource x(rows, 20, true, Act::Relu6, 1, type), gate(gates, 20, true, Act::Sigmoid, 2, type);
  Numbers numbers(3);
  TestMap g(rows, 40, 3, type), out(rows, 20, 3, type);
  g.fill(numbers.normal_values());
  std::vector<float> bits;
  std::vector<double> mean(20), squares(20);
  moments_of(rows, 20, x.source, {mean.data(), squares.data()}, each);
  bits.insert(bits.end(), mean.begin(), mean.end());
  bits.insert(bits.end(), squares.begin(), squares.end());
  const auto keep = [&](const TestGradientOut& dx) {
    append_bits(bits, dx.map);
    for (int c = 0; c < 20; ++c) bits.push_back(float(dx.sum[c])), bits.push_back(float(dx.dot[c]));
  };
  TestGradientOut passed(rows, 20, {}, 4, type), gated(rows, 20, {}, 4, type), dgate(gates, 20, {}, 4, type),
      pooled(rows, 20, {}, 4, type), largest(rows, 20, {}, 4, type), first(rows, 20, {}, 4, type),
      second(rows, 20, {}, 4, type);
  pass_gradient(rows, 20, g.data(), g.stride(), x.source, passed.out, each);
  gate_backward(s, g.data(), g.stride(), x.source, gate.source, gated.out, dgate.out, each);
  pool_backward(pool, g.data(), g.stride(), x.source, pooled.out, each);
  max_pool_backward({40, 12, 12, 20}, g.data(), g.stride(), x.source, largest.out, each);
  interleave_backward(rows, 20, g.data(), g.stride(), x.source, x.source, first.out, second.out, each);
  for (const auto* dx : {&passed, &gated, &dgate, &pooled, &largest, &first, &second}) keep(*dx);
  gate_forward(s, x.source, gate.source, out.data(), out.stride(), each);
  append_bits(bits, out);
  return bits;
}

TEST(Elementwise, GivesTheSameBitsHoweverItsChunksAreRun) {
  for_types([](Type type) {
    const auto expected = all_results(in_order, type);
    EXPECT_EQ(all_results(backwards, type), expected);
    EXPECT_EQ(all_results(on_two_threads, type), expected);
  });
}

}  // namespace
}  // namespace ablate::kernels
