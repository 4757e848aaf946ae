#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "harness/kernels/maps.h"

namespace ablate::kernels::oracle {

/// Element i, of either type.
inline double number(ConstValues values, std::int64_t i) {
  if (values.type() == Type::Float32) return values.as<float>()[i];
  return std::bit_cast<float>(std::uint32_t(values.as<BFloat16>()[i].bits) << 16);
}

inline double z_of(const Source& x, std::int64_t row, int c) {
  const double value = number(x.data, row * x.stride + c);
  return x.scale ? x.scale[c] * value + x.shift[c] : value;
}

inline double act_of(Act act, double z) {
  switch (act) {
    case Act::None:
      return z;
    case Act::Relu:
      return std::max(z, 0.0);
    case Act::Relu6:
      return std::clamp(z, 0.0, 6.0);
    case Act::Sigmoid:
      return 1 / (1 + std::exp(-z));
    case Act::HardSigmoid:
      return std::clamp(z + 3, 0.0, 6.0) / 6;
  }
  return z;
}

inline double slope_of(Act act, double z) {
  switch (act) {
    case Act::None:
      return 1;
    case Act::Relu:
      return z > 0 ? 1 : 0;
    case Act::Relu6:
      return z > 0 && z < 6 ? 1 : 0;
    case Act::Sigmoid: {
      const double s = 1 / (1 + std::exp(-z));
      return s * (1 - s);
    }
    case Act::HardSigmoid:
      return z > -3 && z < 3 ? 1.0 / 6 : 0;
  }
  return 1;
}

inline double read(const Source& x, std::int64_t row, int c) {
  return act_of(x.act, z_of(x, row, c));
}

inline double read(const GradientIn& d, std::int64_t row, int c) {
  const double dz = number(d.dz, row * d.stride + c);
  return d.c1 ? d.c1[c] * dz + d.c2[c] * number(d.y, row * d.y_stride + c) + d.c3[c] : dz;
}

/// Stores one element's part, in float32: g is the gradient of what the reader saw.
inline void store(const GradientOut& out, const Source& x, std::int64_t row, int c, double g) {
  const double part = g * slope_of(x.act, z_of(x, row, c));
  if (out.data) {
    const double base = out.base ? number(out.base, row * out.base_stride + c) : 0;
    out.data.as<float>()[row * out.stride + c] = static_cast<float>(base + part);
  }
  if (out.sum) {
    out.sum[c] += part;
    out.dot[c] += part * (number(x.data, row * x.stride + c) - out.centre[c]);
  }
}

/// Moments of the columns of a matrix in double.
inline void take(const Moments& moments, const std::vector<double>& y, std::int64_t rows, int channels) {
  if (!moments.mean) return;
  for (int c = 0; c < channels; ++c) {
    double mean = 0, squares = 0;
    for (std::int64_t r = 0; r < rows; ++r) mean += y[r * channels + c] / rows;
    for (std::int64_t r = 0; r < rows; ++r) squares += std::pow(y[r * channels + c] - mean, 2);
    moments.mean[c] = mean;
    moments.squares[c] = squares;
  }
}

inline void put(const std::vector<double>& values, std::int64_t rows, int channels, float* y,
                std::int64_t y_stride) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (int c = 0; c < channels; ++c) y[r * y_stride + c] = static_cast<float>(values[r * channels + c]);
}

inline void store_all(const GradientOut& dx, const Source& x, const std::vector<double>& g, std::int64_t rows,
                      int channels) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (int c = 0; c < channels; ++c) store(dx, x, r, c, g[r * channels + c]);
}

}  // namespace ablate::kernels::oracle
