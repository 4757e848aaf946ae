#include <benchmark/benchmark.h>

#include <vector>

#include "bench/kernels/map.h"
#include "harness/kernels/branches.h"

/// The branches that shrink GhostNetV3's maps, behind BatchNorm + ReLU: three of a kernel and one 1x1.
/// Arguments: images, height and width, channels, kernel, stride.
namespace ablate::kernels {
namespace {

struct Case {
  explicit Case(const benchmark::State& state)
      : s{int(state.range(0)), int(state.range(1)), int(state.range(1)), int(state.range(2)),
          int(state.range(3)), int(state.range(3)), int(state.range(4))},
        inputs(std::int64_t(s.images) * s.height * s.width * s.channels),
        x(inputs, Type::Float32),
        dx(inputs, Type::Float32),
        dz(std::int64_t(s.images) * s.out_height() * s.out_width() * s.channels, Type::Float32),
        factors(s.channels, 0.5f),
        centre(s.channels),
        w(std::size_t(s.channels) * s.kernel_height * s.kernel_width, 0.1f),
        dw(w.size()),
        mean(4 * s.channels),
        variance(mean.size()) {}
  Source source() { return {x.data(), s.channels, factors.data(), factors.data(), Act::Relu}; }

  Depthwise s;
  std::int64_t inputs;
  Map x, dx, dz;
  std::vector<float> factors, centre, w, dw;
  std::vector<double> mean, variance;
};

void branch_moments(benchmark::State& state) {
  Case one(state);
  const std::vector<const float*> branches(3, one.w.data());
  for (auto _ : state)
    kernels::branch_moments(one.s, one.source(), branches, one.centre.data(), one.mean.data(),
                            one.variance.data(), in_order);
}

void branch_backward(benchmark::State& state) {
  Case one(state);
  const float* factors = one.factors.data();
  const std::vector<BranchGradient> branches(3, {one.w.data(), factors, factors, factors, one.dw.data()});
  const GradientOut out{.data = one.dx.data(),
                        .stride = one.s.channels,
                        .sum = one.mean.data(),
                        .dot = one.variance.data(),
                        .centre = factors};
  for (auto _ : state)
    kernels::branch_backward(one.s, one.dz.data(), one.s.channels, one.source(), one.centre.data(), branches,
                             {factors, factors, factors}, out, in_order);
}

void shapes(benchmark::internal::Benchmark* it) {
  it->ArgNames({"images", "size", "channels", "kernel", "stride"})->Unit(benchmark::kMillisecond);
  for (const auto& shape : std::vector<std::vector<std::int64_t>>{{128, 32, 72, 5, 2},
                                                                  {128, 16, 240, 3, 2},
                                                                  {128, 8, 672, 5, 2},
                                                                  {16, 112, 48, 3, 2},
                                                                  {16, 56, 24, 5, 2}})
    it->Args(shape);
}

BENCHMARK(branch_moments)->Apply(shapes);
BENCHMARK(branch_backward)->Apply(shapes);

}  // namespace
}  // namespace ablate::kernels
