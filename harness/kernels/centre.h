#pragma once

#include <algorithm>
#include <cstdint>

#include "harness/kernels/maps.h"
#include "harness/kernels/scratch.h"

namespace ablate::kernels {

/// A value near the mean of every channel: that of some pixels, far from each other.
inline void take_centre(const Source& x, std::int64_t pixels, int channels, float* centre) {
  constexpr std::int64_t kMost = 64;
  const std::int64_t count = std::min(pixels, kMost);
  Scratch scratch;
  double* sum = scratch.zeros<double>(channels);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto row = x.data + pixels * i / count * x.stride;
    for (int c = 0; c < channels; ++c) {
      float value = row.type() == Type::Float32 ? row.as<float>()[c] : as_float(row.as<BFloat16>()[c]);
      if (x.scale) value = x.scale[c] * value + x.shift[c];
      if (x.act != Act::None) value = std::max(value, 0.0f);
      if (x.act == Act::Relu6) value = std::min(value, 6.0f);
      sum[c] += value;
    }
  }
  for (int c = 0; c < channels; ++c) centre[c] = static_cast<float>(sum[c] / static_cast<double>(count));
}

}  // namespace ablate::kernels
