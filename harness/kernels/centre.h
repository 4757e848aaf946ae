#pragma once

#include <algorithm>
#include <cstdint>

#include "harness/kernels/bounds.h"
#include "harness/kernels/maps.h"
#include "harness/kernels/scratch.h"

namespace ablate::kernels {

/// A value near the mean of every channel: that of some pixels, far from each other.
inline void take_centre(const Source& x, std::int64_t pixels, int channels, float* centre) {
  constexpr std::int64_t kMost = 16;  // each is a line of memory for every vector of channels
  const std::int64_t count = std::min(pixels, kMost);
  const Bounds bounds(x.act);
  Scratch scratch;
  double* sum = scratch.zeros<double>(channels);
  const auto add = [&](const float* values) {
    for (int c = 0; c < channels; ++c) {
      float value = values[c];
      if (x.scale) value = x.scale[c] * value + x.shift[c];
      sum[c] += std::min(std::max(value, bounds.low), bounds.high);
    }
  };
  float* row = scratch.floats(channels);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto from = x.data + pixels * i / count * x.stride;
    if (from.type() == Type::Float32) {
      add(from.as<float>());
      continue;
    }
    for (int c = 0; c < channels; ++c) row[c] = as_float(from.as<BFloat16>()[c]);
    add(row);
  }
  for (int c = 0; c < channels; ++c) centre[c] = static_cast<float>(sum[c] / static_cast<double>(count));
}

}  // namespace ablate::kernels
