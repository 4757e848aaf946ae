// What this core does at most: multiply-adds on registers, and bytes read from memory. Prints a line of JSON.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/machine.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ablate::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

float sum_of(const Vector (&vectors)[8]) {
  Vector all = vectors[0];
  for (int i = 1; i < 8; ++i) all = hn::Add(all, vectors[i]);
  return hn::GetLane(hn::SumOfLanes(Floats(), all));
}

/// Eight chains hide the latency of two a cycle. Returns the operations, two a multiply-add.
double multiply_add(std::int64_t steps, float* result) {
  Vector sums[8];
  for (int i = 0; i < 8; ++i) sums[i] = hn::Set(Floats(), float(i));
  const Vector factor = hn::Set(Floats(), 0.9999f), term = hn::Set(Floats(), 1e-3f);
  for (std::int64_t s = 0; s < steps; ++s) {
    HWY_UNROLL(8)
    for (int i = 0; i < 8; ++i) sums[i] = hn::MulAdd(sums[i], factor, term);
  }
  *result = sum_of(sums);
  return 2.0 * 8 * double(hn::Lanes(Floats())) * double(steps);
}

/// Returns the bytes.
double read(const float* from, std::int64_t count, float* result) {
  Vector sums[8];
  for (int i = 0; i < 8; ++i) sums[i] = hn::Zero(Floats());
  const std::int64_t lanes = hn::Lanes(Floats());
  for (std::int64_t at = 0; at + 8 * lanes <= count; at += 8 * lanes) {
    HWY_UNROLL(8)
    for (int i = 0; i < 8; ++i) sums[i] = hn::Add(sums[i], hn::LoadU(Floats(), from + at + i * lanes));
  }
  *result = sum_of(sums);
  return 4.0 * double(count);
}

int lanes() {
  return static_cast<int>(hn::Lanes(Floats()));
}

}  // namespace ablate::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate {
namespace {

HWY_EXPORT(multiply_add);
HWY_EXPORT(read);
HWY_EXPORT(lanes);

/// The most a second of several attempts: whatever disturbs makes it less.
template <class Work>
double best_rate(const Work& work) {
  double best = 0;
  for (int attempt = 0; attempt < 20; ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    const double done = work();
    best = std::max(best,
                    done / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

}  // namespace
}  // namespace ablate

int main() {
  using namespace ablate;
  constexpr std::int64_t kSteps = 20'000'000, kFloats = 64'000'000;
  const std::vector<float> memory(kFloats, 1.0f);
  float result = 0;
  const double arithmetic = best_rate([&] { return HWY_DYNAMIC_DISPATCH(multiply_add)(kSteps, &result); });
  const double bytes = best_rate([&] { return HWY_DYNAMIC_DISPATCH(read)(memory.data(), kFloats, &result); });
  std::printf("{\"flop_per_second\": %.4g, \"bytes_per_second\": %.4g, \"lanes\": %d}\n", arithmetic, bytes,
              HWY_DYNAMIC_DISPATCH(lanes)());
}
#endif
