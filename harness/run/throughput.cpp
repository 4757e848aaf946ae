#include "harness/run/throughput.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

#include "harness/kernels/convolution.h"

namespace ablate {
namespace {

using Clock = std::chrono::steady_clock;

/// 1x1 convolutions of a map that fits a second-level cache, until the deadline. Returns how many.
std::int64_t convolve_until(Clock::time_point deadline) {
  const kernels::Pointwise shape{.rows = 1024, .in = 96, .out = 96};
  const std::vector<float> x(std::size_t(shape.rows) * shape.in, 1.0f), w(96 * 96, 0.5f);
  std::vector<float> y(std::size_t(shape.rows) * shape.out);
  std::int64_t done = 0;
  for (; Clock::now() < deadline; ++done)
    kernels::pointwise_forward(shape, {.data = x.data(), .stride = shape.in}, w.data(), y.data(), shape.out,
                               {}, kernels::in_order);
  return done;
}

/// What one measurement of each number says.
int seem_worth_running(int most, const std::function<double(int)>& throughput) {
  constexpr double kLeastGain = 1.05;
  int jobs = most;
  for (double done = throughput(jobs); jobs > 1;) {
    const double with_half = throughput(jobs / 2);
    if (done > kLeastGain * with_half) break;
    jobs /= 2;
    done = with_half;
  }
  return jobs;
}

}  // namespace

int jobs_worth_running(int most, const std::function<double(int)>& throughput) {
  constexpr int kTries = 4;
  int jobs = 1;
  for (int i = 0; i < kTries && jobs < most; ++i) jobs = std::max(jobs, seem_worth_running(most, throughput));
  return jobs;
}

double measured_throughput(int threads) {
  constexpr std::chrono::milliseconds kTime(50);
  std::vector<std::int64_t> done(std::size_t(threads), 0);
  const auto start = Clock::now(), deadline = start + kTime;
  {
    std::vector<std::jthread> all;
    for (auto& mine : done) all.emplace_back([&mine, deadline] { mine = convolve_until(deadline); });
  }
  const std::chrono::duration<double> taken = Clock::now() - start;
  return double(std::accumulate(done.begin(), done.end(), std::int64_t(0))) / taken.count();
}

}  // namespace ablate
