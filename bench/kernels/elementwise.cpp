#include "harness/kernels/elementwise.h"

#include <benchmark/benchmark.h>

#include <vector>

#include "bench/kernels/map.h"

/// The elementwise kernels at the shapes of GhostNetV2 and ShuffleNetV2, at 32 px in batches of 128 and at
/// 224 px in batches of 16. What they read is behind BatchNorm and an activation as it is in the networks,
/// and gradients are summed where BatchNorm needs that. Maps of both types.
namespace ablate::kernels {
namespace {

using Shapes = std::vector<std::vector<std::int64_t>>;

/// Channels of pixels as a kernel reads them, and where it puts their gradient: a map of its own, or the
/// first half of one twice as wide.
struct Side {
  Side(std::int64_t pixels, int channels, Act act, Type type, bool half = false)
      : stride(half ? 2 * channels : channels),
        x(pixels * stride, type),
        dx(pixels * stride, type),
        factors(channels, 0.5f),
        sums(2 * channels),
        normalised(act != Act::None) {
    source = {.data = x.data(), .stride = stride, .act = act};
    part = {.data = dx.data(), .stride = stride};
    if (!normalised) return;
    source.scale = source.shift = part.centre = factors.data();
    part.sum = sums.data();
    part.dot = sums.data() + channels;
  }

  std::int64_t stride;
  Map x, dx;
  std::vector<float> factors;
  std::vector<double> sums;
  bool normalised;
  Source source;
  GradientOut part;
};

/// Bytes that have to go through memory, of so many values.
void report(benchmark::State& state, double values, Type type) {
  state.counters["B/s"] =
      benchmark::Counter(values * double(bytes_of(type)), benchmark::Counter::kIsIterationInvariantRate);
}

void run(const char* name, const Shapes& shapes, const std::vector<std::string>& arguments,
         void (*body)(benchmark::State&, Type)) {
  for (const Type type : {Type::Float32, Type::BFloat16}) {
    auto* it = benchmark::RegisterBenchmark(
        (std::string(name) + (type == Type::Float32 ? "/float32" : "/bfloat16")).c_str(), body, type);
    it->ArgNames(arguments)->Unit(benchmark::kMillisecond);
    for (const auto& shape : shapes) it->Args(shape);
  }
}

Gate gate_of(const benchmark::State& state) {
  const int size = int(state.range(1)), gate = int(state.range(3));
  return {int(state.range(0)), size, size, int(state.range(2)), gate, gate};
}

void gate_forward(benchmark::State& state, Type type) {
  const auto s = gate_of(state);
  const std::int64_t pixels = std::int64_t(s.images) * s.height * s.width;
  Side x(pixels, s.channels, Act::Relu, type);
  Side gate(std::int64_t(s.images) * s.gate_height * s.gate_width, s.channels, Act::Sigmoid, type);
  Map out(pixels * s.channels, type);
  for (auto _ : state) kernels::gate_forward(s, x.source, gate.source, out.data(), s.channels, in_order);
  report(state, 2.0 * double(pixels) * s.channels, type);
}

void gate_backward(benchmark::State& state, Type type) {
  const auto s = gate_of(state);
  const std::int64_t pixels = std::int64_t(s.images) * s.height * s.width;
  Side x(pixels, s.channels, Act::Relu, type);
  Side gate(std::int64_t(s.images) * s.gate_height * s.gate_width, s.channels, Act::Sigmoid, type);
  Map g(pixels * s.channels, type);
  for (auto _ : state)
    kernels::gate_backward(s, g.data(), s.channels, x.source, gate.source, x.part, gate.part, in_order);
  report(state, 3.0 * double(pixels) * s.channels, type);
}

void sum_forward(benchmark::State& state, Type type) {
  const std::int64_t pixels = state.range(0);
  const int channels = int(state.range(1));
  Side a(pixels, channels, Act::None, type), b(pixels, channels, Act::Relu, type);
  const Source sources[] = {a.source, b.source};
  Map out(pixels * channels, type);
  for (auto _ : state) kernels::sum_forward(pixels, channels, sources, out.data(), channels, in_order);
  report(state, 3.0 * double(pixels) * channels, type);
}

void pass_gradient(benchmark::State& state, Type type) {
  const std::int64_t pixels = state.range(0);
  const int channels = int(state.range(1));
  Side x(pixels, channels, Act::Relu, type);
  Map g(pixels * channels, type);
  for (auto _ : state)
    kernels::pass_gradient(pixels, channels, g.data(), channels, x.source, x.part, in_order);
  report(state, 3.0 * double(pixels) * channels, type);
}

void moments_of(benchmark::State& state, Type type) {
  const std::int64_t pixels = state.range(0);
  const int channels = int(state.range(1));
  Side x(pixels, channels, Act::None, type);
  for (auto _ : state)
    kernels::moments_of(pixels, channels, x.source, {x.sums.data(), x.sums.data() + channels}, in_order);
  report(state, double(pixels) * channels, type);
}

/// `a` is one half of the map before, `b` has been through a convolution.
void interleave_forward(benchmark::State& state, Type type) {
  const std::int64_t pixels = state.range(0);
  const int channels = int(state.range(1));
  Side a(pixels, channels, Act::None, type, true), b(pixels, channels, Act::Relu, type);
  Map out(pixels * 2 * channels, type);
  for (auto _ : state)
    kernels::interleave_forward(pixels, channels, a.source, b.source, out.data(), 2 * channels, in_order);
  report(state, 4.0 * double(pixels) * channels, type);
}

void interleave_backward(benchmark::State& state, Type type) {
  const std::int64_t pixels = state.range(0);
  const int channels = int(state.range(1));
  Side a(pixels, channels, Act::None, type, true), b(pixels, channels, Act::Relu, type);
  Map g(pixels * 2 * channels, type);
  for (auto _ : state)
    kernels::interleave_backward(pixels, channels, g.data(), 2 * channels, a.source, b.source, a.part, b.part,
                                 in_order);
  report(state, 5.0 * double(pixels) * channels, type);
}

Pool pool_of(const benchmark::State& state) {
  const int size = int(state.range(1)), kernel = int(state.range(3));
  return {int(state.range(0)), size, size, int(state.range(2)), kernel, kernel};
}

void pool_forward(benchmark::State& state, Type type) {
  const auto s = pool_of(state);
  const std::int64_t pixels = std::int64_t(s.images) * s.height * s.width;
  const std::int64_t windows = std::int64_t(s.images) * s.out_height() * s.out_width();
  Side x(pixels, s.channels, Act::Relu, type);
  Map out(windows * s.channels, type);
  for (auto _ : state) kernels::pool_forward(s, x.source, out.data(), s.channels, in_order);
  report(state, double(pixels + windows) * s.channels, type);
}

void pool_backward(benchmark::State& state, Type type) {
  const auto s = pool_of(state);
  const std::int64_t pixels = std::int64_t(s.images) * s.height * s.width;
  const std::int64_t windows = std::int64_t(s.images) * s.out_height() * s.out_width();
  Side x(pixels, s.channels, Act::Relu, type);
  Map g(windows * s.channels, type);
  for (auto _ : state) kernels::pool_backward(s, g.data(), s.channels, x.source, x.part, in_order);
  report(state, double(2 * pixels + windows) * s.channels, type);
}

MaxPool max_pool_of(const benchmark::State& state) {
  const int size = int(state.range(1));
  return {int(state.range(0)), size, size, int(state.range(2))};
}

void max_pool_forward(benchmark::State& state, Type type) {
  const auto s = max_pool_of(state);
  const std::int64_t pixels = std::int64_t(s.images) * s.height * s.width;
  const std::int64_t windows = std::int64_t(s.images) * s.out_height() * s.out_width();
  Side x(pixels, s.channels, Act::Relu, type);
  Map out(windows * s.channels, type);
  for (auto _ : state) kernels::max_pool_forward(s, x.source, out.data(), s.channels, in_order);
  report(state, double(pixels + windows) * s.channels, type);
}

void max_pool_backward(benchmark::State& state, Type type) {
  const auto s = max_pool_of(state);
  const std::int64_t pixels = std::int64_t(s.images) * s.height * s.width;
  const std::int64_t windows = std::int64_t(s.images) * s.out_height() * s.out_width();
  Side x(pixels, s.channels, Act::Relu, type);
  Map g(windows * s.channels, type);
  for (auto _ : state) kernels::max_pool_backward(s, g.data(), s.channels, x.source, x.part, in_order);
  report(state, double(2 * pixels + windows) * s.channels, type);
}

[[maybe_unused]] const bool kRegistered = [] {
  const Shapes gates{{128, 32, 72, 16}, {128, 16, 240, 8}, {128, 8, 672, 4}, {128, 4, 960, 2},
                     {128, 16, 72, 1},  {128, 8, 672, 1},  {16, 56, 72, 28}, {16, 7, 960, 3}};
  run("gate_forward", gates, {"images", "size", "channels", "gate"}, gate_forward);
  run("gate_backward", gates, {"images", "size", "channels", "gate"}, gate_backward);
  const Shapes maps{{131072, 24}, {32768, 40}, {8192, 80}, {2048, 160}, {50176, 116}};
  run("sum_forward", maps, {"pixels", "channels"}, sum_forward);
  run("pass_gradient", maps, {"pixels", "channels"}, pass_gradient);
  run("moments_of", maps, {"pixels", "channels"}, moments_of);
  const Shapes halves{{32768, 58}, {8192, 116}, {2048, 232}, {12544, 58}, {32768, 64}};
  run("interleave_forward", halves, {"pixels", "channels"}, interleave_forward);
  run("interleave_backward", halves, {"pixels", "channels"}, interleave_backward);
  const Shapes pools{{128, 32, 24, 2}, {128, 16, 40, 2}, {128, 8, 80, 2}, {128, 8, 672, 8}, {128, 4, 960, 4}};
  run("pool_forward", pools, {"images", "size", "channels", "kernel"}, pool_forward);
  run("pool_backward", pools, {"images", "size", "channels", "kernel"}, pool_backward);
  const Shapes stems{{16, 112, 24}, {16, 112, 64}};
  run("max_pool_forward", stems, {"images", "size", "channels"}, max_pool_forward);
  run("max_pool_backward", stems, {"images", "size", "channels"}, max_pool_backward);
  return true;
}();

}  // namespace
}  // namespace ablate::kernels
