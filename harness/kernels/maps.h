#pragma once

#include <cstdint>
#include <functional>

#include "harness/kernels/values.h"

namespace ablate::kernels {

/// What is applied to a value as it is read.
enum class Act { None, Relu, Relu6, Sigmoid, HardSigmoid };  // HardSigmoid: relu6(z + 3) / 6

/// A map as it lies in memory: pixel by pixel, images after each other, the channels of pixel r at
/// data + r * stride. What a reader sees is act(z) with z = scale[c] * value + shift[c]: BatchNorm and
/// activation are applied as it is loaded and never stored. Without scale (and shift) z is the value, and act
/// is None.
struct Source {
  ConstValues data;
  std::int64_t stride = 0;                         // values from pixel to pixel, at least the channels
  const float *scale = nullptr, *shift = nullptr;  // [C] each, or neither
  Act act = Act::None;
};

/// What is done to a convolution's output before it is stored, in evaluation: act(scale[c] * y + shift[c]).
/// Without scale: nothing. act: None, Relu or Relu6.
struct Finish {
  const float *scale = nullptr, *shift = nullptr;  // [C] each, or neither
  Act act = Act::None;
};

/// The gradient with respect to the raw output y of a convolution: d = c1[c] * dz + c2[c] * y + c3[c], which
/// is BatchNorm's gradient applied as it is loaded. Without c1, c2, c3 (y is then null): d = dz.
struct GradientIn {
  ConstValues dz;
  std::int64_t stride = 0;  // of dz
  ConstValues y;
  std::int64_t y_stride = 0;
  const float *c1 = nullptr, *c2 = nullptr, *c3 = nullptr;  // [C] each, or none
  /// dz has C / repeats channels, which are seen so many times in a row: convolutions whose outputs are
  /// summed share their gradient. Only pointwise_backward takes more than one, and of bfloat16 maps of even
  /// channels.
  int repeats = 1;
};

/// Where the gradient with respect to the z of a Source goes: this reader's part g * act'(z), stored as
/// data = base + part, and its sums over the pixels, which BatchNorm's own gradient needs.
/// relu' is 0 at z <= 0; relu6' is 0 at z <= 0 and z >= 6.
struct GradientOut {
  /// Whether it is added to what is there: that is in the caches then, and is not stored past them.
  bool in_place() const { return data && base == data; }

  Values data;  // null: not wanted (the sums may still be)
  std::int64_t stride = 0;
  ConstValues base;  // added; may be `data` itself; null: nothing
  std::int64_t base_stride = 0;
  double* sum = nullptr;  // [C], sum[c] += part; null: no sums
  double* dot = nullptr;  // [C], dot[c] += part * (value - centre[c]), value being the Source's raw one
  const float* centre = nullptr;  // [C]
};

/// Statistics of a convolution's raw output over all pixels, per channel: its mean and the sum of squared
/// deviations from it. Tiles are summed in float relative to a value of their own, and merged in double
/// (Chan, Golub and LeVeque 1983), so that they hold at mean / deviation = 1000. They are those of the values
/// before these are rounded to be stored.
struct Moments {
  double *mean = nullptr, *squares = nullptr;  // [C] each, overwritten; null: not wanted
};

/// Calls body(i) for every i in 0 .. count - 1, on whatever threads. Kernels cut their work into chunks by
/// its shape alone and add partial sums in the order of the chunks, so results do not depend on the threads.
using ForEach = std::function<void(std::int64_t count, const std::function<void(std::int64_t)>& body)>;

/// The calling thread does it all.
void in_order(std::int64_t count, const std::function<void(std::int64_t)>& body);

}  // namespace ablate::kernels
