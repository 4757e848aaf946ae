#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "bench/kernels/map.h"
#include "harness/kernels/convolution.h"
#include "harness/kernels/isa.h"

/// Pointwise and dense convolutions at the shapes of compact networks, BatchNorm and ReLU6 on load,
/// statistics on store; maps of both types. `ABLATE_ISA` names the instruction set.
namespace ablate::kernels {
namespace {

std::vector<float> numbers(std::int64_t count) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> all(count);
  for (auto& value : all) value = normal(random);
  return all;
}

/// The maps and weights of one convolution.
struct Maps {
  /// Images are float32 whatever the other maps are.
  Maps(std::int64_t rows_in, int in, std::int64_t rows_out, int out, std::int64_t weights, Type type)
      : x(rows_in * in, in == 3 ? Type::Float32 : type),
        y(rows_out * out, type),
        dz(rows_out * out, type),
        dx(rows_in * in, in == 3 ? Type::Float32 : type),
        w(numbers(weights)),
        dw(weights),
        of_in(numbers(in)),
        of_out(numbers(out)),
        sum(in),
        dot(in),
        mean(out),
        squares(out),
        in_(in),
        out_(out) {}

  Source source() { return {x.data(), in_, of_in.data(), of_in.data(), Act::Relu6}; }
  GradientIn gradient() {
    return {dz.data(), out_, y.data(), out_, of_out.data(), of_out.data(), of_out.data()};
  }
  GradientOut gradient_out() { return {dx.data(), in_, nullptr, 0, sum.data(), dot.data(), of_in.data()}; }
  Moments moments() { return {mean.data(), squares.data()}; }

  Map x, y, dz, dx;
  std::vector<float> w, dw, of_in, of_out;
  std::vector<double> sum, dot, mean, squares;
  int in_, out_;
};

void report(benchmark::State& state, double multiply_adds) {
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * multiply_adds, benchmark::Counter::kIsIterationInvariantRate);
  state.SetLabel(instruction_set());
}

Pointwise pointwise_of(const benchmark::State& state) {
  return {state.range(0), static_cast<int>(state.range(1)), static_cast<int>(state.range(2))};
}

void pointwise_forward(benchmark::State& state, Type type) {
  const auto shape = pointwise_of(state);
  Maps maps(shape.rows, shape.in, shape.rows, shape.out, std::int64_t(shape.in) * shape.out, type);
  for (auto _ : state)
    pointwise_forward(shape, maps.source(), maps.w.data(), maps.y.data(), shape.out, maps.moments(),
                      in_order);
  report(state, double(shape.rows) * shape.in * shape.out);
}

void pointwise_backward(benchmark::State& state, Type type) {
  const auto shape = pointwise_of(state);
  Maps maps(shape.rows, shape.in, shape.rows, shape.out, std::int64_t(shape.in) * shape.out, type);
  for (auto _ : state)
    pointwise_backward(shape, maps.gradient(), maps.source(), maps.w.data(), maps.gradient_out(),
                       maps.dw.data(), in_order);
  report(state, 2.0 * double(shape.rows) * shape.in * shape.out);
}

/// MobileNetV2's at 32 pixels and batch 128, ShuffleNetV2's, a ghost module's; three branches side by side.
void pointwise_shapes(benchmark::internal::Benchmark* of) {
  of->ArgNames({"rows", "in", "out"})->Unit(benchmark::kMillisecond);
  for (const auto& shape : std::vector<std::vector<std::int64_t>>{{131072, 24, 144},
                                                                  {131072, 144, 24},
                                                                  {131072, 16, 96},
                                                                  {8192, 116, 116},
                                                                  {2048, 464, 1024},
                                                                  {8192, 96, 576},
                                                                  {2048, 960, 160},
                                                                  {32768, 58, 58},
                                                                  {2048, 232, 232},
                                                                  {131072, 16, 8},
                                                                  {784, 960, 240},
                                                                  {3136, 672, 168},
                                                                  {50176, 72, 12},
                                                                  {50176, 72, 36},
                                                                  {784, 160, 480}})
    of->Args(shape);
}
BENCHMARK_CAPTURE(pointwise_forward, float32, Type::Float32)->Apply(pointwise_shapes);
BENCHMARK_CAPTURE(pointwise_forward, bfloat16, Type::BFloat16)->Apply(pointwise_shapes);
BENCHMARK_CAPTURE(pointwise_backward, float32, Type::Float32)->Apply(pointwise_shapes);
BENCHMARK_CAPTURE(pointwise_backward, bfloat16, Type::BFloat16)->Apply(pointwise_shapes);

/// 3x3, padding 1.
Dense dense_of(const benchmark::State& state) {
  Dense shape;
  shape.images = static_cast<int>(state.range(0));
  shape.height = shape.width = static_cast<int>(state.range(1));
  shape.in = static_cast<int>(state.range(2)), shape.out = static_cast<int>(state.range(3));
  shape.stride = static_cast<int>(state.range(4));
  return shape;
}

/// What stems read are images, without a BatchNorm.
Source source_of(const Dense& shape, Maps& maps) {
  Source source = maps.source();
  if (shape.in == 3) source.scale = source.shift = nullptr;
  return source;
}

struct DenseRun {
  DenseRun(const Dense& shape, Type type)
      : rows(std::int64_t(shape.images) * shape.out_height() * shape.out_width()),
        maps(std::int64_t(shape.images) * shape.height * shape.width, shape.in, rows, shape.out,
             std::int64_t(9) * shape.in * shape.out, type),
        multiply_adds(9.0 * double(rows) * shape.in * shape.out) {}
  std::int64_t rows;
  Maps maps;
  double multiply_adds;
};

void dense_forward(benchmark::State& state, Type type) {
  const auto shape = dense_of(state);
  DenseRun run(shape, type);
  Maps& maps = run.maps;
  for (auto _ : state)
    dense_forward(shape, source_of(shape, maps), maps.w.data(), maps.y.data(), shape.out, maps.moments(),
                  in_order);
  report(state, run.multiply_adds);
}

/// A stem's input has no gradient.
void dense_backward(benchmark::State& state, Type type) {
  const auto shape = dense_of(state);
  DenseRun run(shape, type);
  Maps& maps = run.maps;
  const bool stem = shape.in == 3;
  const GradientOut dx = stem ? GradientOut{} : maps.gradient_out();
  for (auto _ : state)
    dense_backward(shape, maps.gradient(), source_of(shape, maps), maps.w.data(), dx, maps.dw.data(),
                   in_order);
  report(state, (stem ? 1.0 : 2.0) * run.multiply_adds);
}

/// Stems and residual networks'.
void dense_shapes(benchmark::internal::Benchmark* of) {
  of->ArgNames({"images", "size", "in", "out", "stride"})->Unit(benchmark::kMillisecond);
  for (const auto& shape : std::vector<std::vector<std::int64_t>>{{128, 32, 3, 32, 1},
                                                                  {16, 224, 3, 24, 2},
                                                                  {128, 32, 3, 32, 2},
                                                                  {128, 32, 16, 16, 1},
                                                                  {32, 16, 128, 128, 1},
                                                                  {32, 16, 128, 128, 2}})
    of->Args(shape);
}
BENCHMARK_CAPTURE(dense_forward, float32, Type::Float32)->Apply(dense_shapes);
BENCHMARK_CAPTURE(dense_forward, bfloat16, Type::BFloat16)->Apply(dense_shapes);
BENCHMARK_CAPTURE(dense_backward, float32, Type::Float32)->Apply(dense_shapes);
BENCHMARK_CAPTURE(dense_backward, bfloat16, Type::BFloat16)->Apply(dense_shapes);

}  // namespace
}  // namespace ablate::kernels
