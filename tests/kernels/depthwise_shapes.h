#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <span>
#include <string>

#include "harness/kernels/convolution.h"
#include "tests/kernels/oracle_values.h"
#include "tests/kernels/test_maps.h"

/// Depthwise convolutions to be tested, and what their taps see.
namespace ablate::kernels {

struct Kernel {
  int height, width;
};
constexpr Kernel kKernels[] = {{1, 1}, {1, 3}, {3, 1}, {3, 3}, {1, 5}, {5, 1}, {3, 5}, {5, 5}};
struct Size {
  int images, height, width, channels;
};
constexpr Size kSizes[] = {{2, 1, 1, 1},   {3, 2, 1, 3},  {2, 1, 9, 20},  {3, 4, 4, 37}, {2, 3, 2, 5},
                           {40, 8, 7, 16}, {2, 9, 11, 8}, {5, 12, 5, 40}, {1, 6, 21, 50}};

/// Sizes of which some instruction set works on pairs of images at a time, and one of which none does.
constexpr Size kPairedSizes[] = {{16, 5, 6, 8},  {18, 9, 10, 36}, {32, 4, 4, 20}, {48, 1, 3, 5},
                                 {16, 7, 3, 12}, {16, 6, 70, 24}, {17, 5, 6, 8}};

/// Calls body with a kernel of 3x3 and that stride for each of these sizes, every type and instruction set.
inline void for_paired_shapes(int stride, const std::function<void(const Depthwise&, Type)>& body) {
  for_types([&](Type type) {
    for (const auto& size : kPairedSizes)
      body({size.images, size.height, size.width, size.channels, 3, 3, stride}, type);
  });
}

/// Calls body with every kernel, stride and size.
inline void for_shapes(std::span<const Kernel> kernels, std::span<const Size> sizes,
                       const std::function<void(const Depthwise&)>& body) {
  for (const auto& kernel : kernels)
    for (const int stride : {1, 2})
      for (const auto& size : sizes) {
        SCOPED_TRACE("kernel " + std::to_string(kernel.height) + "x" + std::to_string(kernel.width) +
                     ", stride " + std::to_string(stride) + ", map " + std::to_string(size.height) + "x" +
                     std::to_string(size.width) + "x" + std::to_string(size.channels));
        body({size.images, size.height, size.width, size.channels, kernel.height, kernel.width, stride});
        if (testing::Test::HasFatalFailure()) return;
      }
}

/// The same with those of this file and every instruction set.
inline void for_shapes(const std::function<void(const Depthwise&)>& body) {
  for_instruction_sets([&] { for_shapes(kKernels, kSizes, body); });
}

/// Those of one stride.
inline void for_shapes(int stride, const std::function<void(const Depthwise&)>& body) {
  for_shapes([&](const Depthwise& s) {
    if (s.stride == stride) body(s);
  });
}

inline int taps_of(const Depthwise& s) {
  return s.kernel_height * s.kernel_width;
}
inline std::int64_t pixels_in(const Depthwise& s) {
  return std::int64_t(s.images) * s.height * s.width;
}
inline std::int64_t pixels_out(const Depthwise& s) {
  return std::int64_t(s.images) * s.out_height() * s.out_width();
}

/// The pixel that tap t of output p sees, -1 beyond the border.
inline std::int64_t seen(const Depthwise& s, std::int64_t p, int t) {
  const auto image = p / (s.out_height() * s.out_width());
  const int oh = int(p / s.out_width() % s.out_height()), ow = int(p % s.out_width());
  const int h = oh * s.stride + t / s.kernel_width - s.kernel_height / 2;
  const int w = ow * s.stride + t % s.kernel_width - s.kernel_width / 2;
  if (h < 0 || h >= s.height || w < 0 || w >= s.width) return -1;
  return (image * s.height + h) * s.width + w;
}

inline double tap(const Depthwise& s, const Source& x, std::int64_t p, int t, int c) {
  const auto pixel = seen(s, p, t);
  return pixel < 0 ? 0 : oracle::read(x, pixel, c);
}

}  // namespace ablate::kernels
