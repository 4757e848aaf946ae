#pragma once

#include <cstddef>
#include <vector>

#include "harness/execute/fusion/work.h"
#include "harness/kernels/maps.h"

namespace ablate::fusion {

/// What a unit does to its raw output, channel by channel.
struct Affine {
  enum class Kind { None, Bias, Norm };
  Kind kind = Kind::None;
  std::size_t first =
      0;  // of its tensors among the weights: the bias, or BatchNorm's weight, bias, mean, variance
};

/// Where a kernel puts the statistics of the view's raw values: nowhere when nobody needs them.
kernels::Moments moments_for(Work& work, const View& view, const Affine& affine);

/// Sets what readers of the view apply, from the batch's moments or the running statistics, which follow the
/// batch. Throws Error when a batch has one value a channel.
void set_affine(Work& work, const View& view, const Affine& affine);

/// What BatchNorm's gradient multiplies dz and the raw values by and adds, channel by channel: c1, c2, c3 of
/// kernels::GradientIn.
struct GradientFactors {
  std::vector<float> c1, c2, c3;

  /// Adds those of the view's channels, from the sums of its gradient; stores the gradient of BatchNorm's
  /// weight and bias.
  void add(Work& work, const View& view, const Affine& affine);
};

/// The gradient with respect to the view's raw values, as kernels load it, and that of BatchNorm's weight and
/// bias, which is stored. dx = weight / deviation * (dz - mean(dz) - x^ * mean(dz * x^)): Ioffe and Szegedy
/// 2015, arXiv:1502.03167.
class RawGradient {
 public:
  RawGradient(Work& work, const View& view, const Affine& affine);
  kernels::GradientIn in() const;

 private:
  Rows dz_;
  kernels::Source raw_;
  GradientFactors factors_;  // empty: dz as it is
};

}  // namespace ablate::fusion
