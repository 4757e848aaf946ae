#include <benchmark/benchmark.h>

#include <vector>

#include "harness/kernels/taps.h"

/// The depthwise branches of GhostNetV3's cheap operations and of its downsampling, behind BatchNorm + ReLU:
/// the moments of the taps, the folded convolution, the taps' products with the gradient, and the gradient,
/// which is added to what is there. Those of stride 1, the cheap operations, lie as they do in the network:
/// input and output side by side in one map. Arguments: images, height and width, channels, kernel, stride.
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
        map_channels(s.stride == 1 ? 2 * s.channels : s.channels),
        x(values(std::size_t(s.images) * s.height * s.width * map_channels)),
        dx(x.size()),
        y(values(s.stride == 1 ? 0 : std::size_t(s.images) * s.out_height() * s.out_width() * s.channels)),
        factors(values(s.channels)),
        kernel(values(std::size_t(s.channels) * taps)),
        curvature(values(kernel.size() * taps)),
        mean(kernel.size()),
        covariance(curvature.size()),
        sum(s.channels),
        dot(s.channels),
        centre(s.channels) {}

  Source source() const { return {x.data(), map_channels, factors.data(), factors.data(), Act::Relu}; }
  float* output() { return s.stride == 1 ? x.data() + s.channels : y.data(); }
  const float* gradient() const { return s.stride == 1 ? dx.data() + s.channels : y.data(); }

  Depthwise s;
  int taps, map_channels;
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
    depthwise_forward(one.s, one.source(), one.kernel.data(), one.output(), one.map_channels, {}, in_order);
}

void tap_products(benchmark::State& state) {
  Case one(state);
  for (auto _ : state)
    kernels::tap_products(one.s, one.gradient(), one.map_channels, one.source(), one.centre.data(),
                          one.mean.data(), in_order);
}

void tap_backward(benchmark::State& state) {
  Case one(state);
  const GradientOut out{.data = one.dx.data(),
                        .stride = one.map_channels,
                        .base = one.dx.data(),
                        .base_stride = one.map_channels,
                        .sum = one.sum.data(),
                        .dot = one.dot.data(),
                        .centre = one.factors.data()};
  const TapGradient gradient{one.kernel.data(), one.kernel.data(), one.curvature.data(), one.centre.data()};
  for (auto _ : state)
    kernels::tap_backward(one.s, one.gradient(), one.map_channels, one.source(), gradient, out, in_order);
}

void add(benchmark::internal::Benchmark* it, const std::vector<std::vector<std::int64_t>>& shapes) {
  it->ArgNames({"images", "size", "channels", "kernel", "stride"})->Unit(benchmark::kMillisecond);
  for (const auto& shape : shapes) it->Args(shape);
}

void cheap(benchmark::internal::Benchmark* it) {
  add(it, {{16, 112, 8, 3, 1},
           {16, 112, 24, 3, 1},
           {16, 56, 36, 3, 1},
           {16, 14, 336, 3, 1},
           {16, 7, 480, 3, 1},
           {128, 32, 8, 3, 1},
           {128, 32, 12, 3, 1},
           {128, 32, 24, 3, 1},
           {128, 32, 36, 3, 1},
           {128, 16, 20, 3, 1},
           {128, 16, 60, 3, 1},
           {128, 16, 120, 3, 1},
           {128, 8, 40, 3, 1},
           {128, 8, 92, 3, 1},
           {128, 8, 240, 3, 1},
           {128, 8, 336, 3, 1},
           {128, 4, 80, 3, 1},
           {128, 4, 480, 3, 1}});
}

void downsampling(benchmark::internal::Benchmark* it) {
  add(it, {{16, 112, 48, 3, 2},
           {16, 56, 72, 5, 2},
           {128, 32, 72, 5, 2},
           {128, 16, 240, 3, 2},
           {128, 8, 672, 5, 2}});
}

BENCHMARK(tap_moments)->Apply(cheap);
BENCHMARK(folded_forward)->Apply(cheap)->Apply(downsampling);
BENCHMARK(tap_products)->Apply(cheap)->Apply(downsampling);
BENCHMARK(tap_backward)->Apply(cheap);

}  // namespace
}  // namespace ablate::kernels
