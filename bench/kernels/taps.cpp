#include <benchmark/benchmark.h>

#include <vector>

#include "harness/kernels/taps.h"

/// The depthwise branches of GhostNetV3's cheap operations and of its downsampling, behind BatchNorm + ReLU:
/// the moments of the taps, the folded convolution, the taps' products with the gradient, and the gradient.
/// Arguments: images, height and width, channels, kernel, stride.
namespace ablate::kernels {
namespace {

std::vector<float> values(std::size_t count) {
  std::vector<float> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = static_cast<float>(i * 2654435761u % 2001) / 1000 - 1;
  return all;
}

struct Case {
  explicit Case(const benchmark::State& state)
      : s{int(state.range(0)), int(state.range(1)), int(state.range(1)), int(state.range(2)),
          int(state.range(3)), int(state.range(3)), int(state.range(4))},
        taps(s.kernel_height * s.kernel_width),
        x(values(std::size_t(s.images) * s.height * s.width * s.channels)),
        dx(x.size()),
        y(values(std::size_t(s.images) * s.out_height() * s.out_width() * s.channels)),
        factors(values(s.channels)),
        kernel(values(std::size_t(s.channels) * taps)),
        curvature(values(kernel.size() * taps)),
        mean(kernel.size()),
        covariance(curvature.size()),
        sum(s.channels),
        dot(s.channels),
        centre(s.channels) {}

  Source source() const { return {x.data(), s.channels, factors.data(), factors.data(), Act::Relu}; }

  Depthwise s;
  int taps;
  std::vector<float> x, dx, y, factors, kernel, curvature;
  std::vector<double> mean, covariance, sum, dot;
  std::vector<float> centre;
};

void tap_moments(benchmark::State& state) {
  Case one(state);
  for (auto _ : state)
    kernels::tap_moments(one.s, one.source(), {one.centre.data(), one.mean.data(), one.covariance.data()},
                         in_order);
}

void folded_forward(benchmark::State& state) {
  Case one(state);
  for (auto _ : state)
    depthwise_forward(one.s, one.source(), one.kernel.data(), one.y.data(), one.s.channels, {}, in_order);
}

void tap_products(benchmark::State& state) {
  Case one(state);
  for (auto _ : state)
    kernels::tap_products(one.s, one.y.data(), one.s.channels, one.source(), one.centre.data(),
                          one.mean.data(), in_order);
}

void tap_backward(benchmark::State& state) {
  Case one(state);
  const GradientOut out{.data = one.dx.data(),
                        .stride = one.s.channels,
                        .sum = one.sum.data(),
                        .dot = one.dot.data(),
                        .centre = one.factors.data()};
  const TapGradient gradient{one.kernel.data(), one.kernel.data(), one.curvature.data(), one.centre.data()};
  for (auto _ : state)
    kernels::tap_backward(one.s, one.y.data(), one.s.channels, one.source(), gradient, out, in_order);
}

void shapes(benchmark::internal::Benchmark* it) {
  it->ArgNames({"images", "size", "channels", "kernel", "stride"})->Unit(benchmark::kMillisecond);
  for (const auto& shape : std::vector<std::vector<std::int64_t>>{{128, 32, 24, 3, 1},
                                                                  {128, 16, 120, 3, 1},
                                                                  {128, 8, 240, 3, 1},
                                                                  {128, 4, 480, 3, 1},
                                                                  {16, 56, 36, 3, 1},
                                                                  {128, 32, 48, 3, 2},
                                                                  {128, 16, 72, 5, 2},
                                                                  {128, 16, 72, 5, 1}})
    it->Args(shape);
}

BENCHMARK(tap_moments)->Apply(shapes);
BENCHMARK(folded_forward)->Apply(shapes);
BENCHMARK(tap_products)->Apply(shapes);
BENCHMARK(tap_backward)->Apply(shapes);

}  // namespace
}  // namespace ablate::kernels
#include "harness/kernels/elementwise.h"
namespace ablate::kernels {
namespace {
void zz_moments(benchmark::State& state) {
  Case one(state);
  for (auto _ : state)
    kernels::moments_of(std::int64_t(one.s.images) * one.s.height * one.s.width, one.s.channels, one.source(),
                        {one.mean.data(), one.covariance.data()}, in_order);
}
BENCHMARK(zz_moments)->Apply(shapes);
}  // namespace
}  // namespace ablate::kernels
