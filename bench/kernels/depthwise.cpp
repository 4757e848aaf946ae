#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "bench/kernels/map.h"
#include "harness/kernels/convolution.h"

/// Depthwise convolutions behind BatchNorm + ReLU6: the shapes of MobileNetV2, ShuffleNetV2 and GhostNetV2.
/// Maps of both types. Arguments: images, height and width, channels, kernel, stride.
namespace ablate::kernels {
namespace {

std::vector<float> values(std::size_t count) {
  std::vector<float> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = static_cast<float>(i * 2654435761u % 2001) / 1000 - 1;
  return all;
}

struct Case {
  Case(const benchmark::State& state, Type map_type)
      : shape{int(state.range(0)), int(state.range(1)), int(state.range(1)), int(state.range(2)),
              int(state.range(3)), int(state.range(3)), int(state.range(4))},
        inputs(std::size_t(shape.images) * shape.height * shape.width * shape.channels),
        outputs(std::size_t(shape.images) * shape.out_height() * shape.out_width() * shape.channels),
        type(map_type),
        x(inputs, type),
        y(outputs, type),
        factors(values(shape.channels)),
        w(values(std::size_t(shape.channels) * shape.kernel_height * shape.kernel_width)),
        first(shape.channels),
        second(shape.channels) {}

  Source source() { return {x.data(), shape.channels, factors.data(), factors.data(), Act::Relu6}; }
  void report(benchmark::State& state, double numbers, double passes) const {
    const double flops = passes * 2 * double(outputs) * shape.kernel_height * shape.kernel_width;
    const auto flags = benchmark::Counter::kIsIterationInvariantRate;
    state.counters["FLOP/s"] = benchmark::Counter(flops, flags);
    state.counters["B/s"] = benchmark::Counter(double(bytes_of(type)) * numbers, flags);
  }

  Depthwise shape;
  std::size_t inputs, outputs;
  Type type;
  Map x, y;
  std::vector<float> factors, w;
  std::vector<double> first, second;
};

void depthwise_forward(benchmark::State& state, Type type) {
  Case one(state, type);
  for (auto _ : state)
    kernels::depthwise_forward(one.shape, one.source(), one.w.data(), one.y.data(), one.shape.channels,
                               {one.first.data(), one.second.data()}, in_order);
  one.report(state, double(one.inputs + one.outputs), 1);
}

void depthwise_backward(benchmark::State& state, Type type) {
  Case one(state, type);
  Map dz(one.outputs, type), dx(one.inputs, type);
  std::vector<float> dw(one.w.size());
  const float* factors = one.factors.data();
  const GradientIn d{dz.data(), one.shape.channels, one.y.data(), one.shape.channels, factors, factors,
                     factors};
  const GradientOut out{.data = dx.data(),
                        .stride = one.shape.channels,
                        .sum = one.first.data(),
                        .dot = one.second.data(),
                        .centre = factors};
  for (auto _ : state)
    kernels::depthwise_backward(one.shape, d, one.source(), one.w.data(), out, dw.data(), in_order);
  one.report(state, 2.0 * double(one.inputs + one.outputs), 2);
}

void shapes(benchmark::internal::Benchmark* it) {
  it->ArgNames({"images", "size", "channels", "kernel", "stride"})->Unit(benchmark::kMillisecond);
  for (const auto& shape : std::vector<std::vector<std::int64_t>>{{128, 32, 144, 3, 1},
                                                                  {128, 32, 96, 3, 1},
                                                                  {128, 16, 192, 3, 1},
                                                                  {128, 8, 384, 3, 1},
                                                                  {128, 4, 960, 3, 1},
                                                                  {128, 8, 576, 3, 1},
                                                                  {128, 32, 96, 3, 2},
                                                                  {128, 32, 144, 3, 2},
                                                                  {128, 32, 96, 5, 1},
                                                                  {128, 32, 58, 3, 1},
                                                                  {128, 16, 116, 3, 1},
                                                                  {128, 32, 20, 3, 1},
                                                                  {128, 16, 36, 5, 2},
                                                                  {16, 112, 32, 3, 1},
                                                                  {16, 56, 144, 3, 1},
                                                                  {16, 112, 96, 3, 2},
                                                                  {16, 56, 144, 3, 2}})
    it->Args(shape);
}

BENCHMARK_CAPTURE(depthwise_forward, float32, Type::Float32)->Apply(shapes);
BENCHMARK_CAPTURE(depthwise_forward, bfloat16, Type::BFloat16)->Apply(shapes);
BENCHMARK_CAPTURE(depthwise_backward, float32, Type::Float32)->Apply(shapes);
BENCHMARK_CAPTURE(depthwise_backward, bfloat16, Type::BFloat16)->Apply(shapes);

}  // namespace
}  // namespace ablate::kernels
