#include "harness/execute/fusion/normalise.h"

#include <cmath>

#include "harness/core/problems.h"
#include "harness/execute/operations.h"

namespace ablate::fusion {
namespace {

bool uses_batch(const Work& work, const Affine& affine) {
  return affine.kind == Affine::Kind::Norm && work.pass().training;
}

/// The batch's mean and deviation; running statistics follow, with the unbiased variance.
void take_batch(Work& work, const View& view, const Affine& affine) {
  const auto rows = static_cast<double>(work.rows(view));
  if (rows == 1)
    throw Error("BatchNorm needs more than one value per channel in training: a larger batch or map");
  auto* running_mean = work.tensors()[affine.first + 2].mutable_data_ptr<float>();
  auto* running_variance = work.tensors()[affine.first + 3].mutable_data_ptr<float>();
  double *mean = work.mean(view), *deviation = work.deviation(view);
  for (int c = 0; c < view.channels; ++c) {
    const double squares = deviation[c];  // the kernel left them there
    deviation[c] = std::sqrt(squares / rows + kNormEpsilon);
    if (!work.pass().update_statistics) continue;
    running_mean[c] = static_cast<float>((1 - kNormMomentum) * running_mean[c] + kNormMomentum * mean[c]);
    running_variance[c] =
        static_cast<float>((1 - kNormMomentum) * running_variance[c] + kNormMomentum * squares / (rows - 1));
  }
}

void take_running(Work& work, const View& view, const Affine& affine) {
  const float* mean = work.weight(affine.first + 2);
  const float* variance = work.weight(affine.first + 3);
  for (int c = 0; c < view.channels; ++c) {
    work.mean(view)[c] = mean[c];
    work.deviation(view)[c] = std::sqrt(double(variance[c]) + kNormEpsilon);
  }
}

}  // namespace

kernels::Moments moments_for(Work& work, const View& view, const Affine& affine) {
  if (!uses_batch(work, affine)) return {};
  return {.mean = work.mean(view), .squares = work.deviation(view)};
}

void set_affine(Work& work, const View& view, const Affine& affine) {
  float *scale = work.scale(view), *shift = work.shift(view), *centre = work.centre(view);
  if (affine.kind == Affine::Kind::None) return;
  if (affine.kind == Affine::Kind::Bias) {
    std::copy_n(work.weight(affine.first), view.channels, shift);
    return;
  }
  uses_batch(work, affine) ? take_batch(work, view, affine) : take_running(work, view, affine);
  const float *weight = work.weight(affine.first), *bias = work.weight(affine.first + 1);
  for (int c = 0; c < view.channels; ++c) {
    const double factor = weight[c] / work.deviation(view)[c];
    scale[c] = static_cast<float>(factor);
    shift[c] = static_cast<float>(bias[c] - work.mean(view)[c] * factor);
    centre[c] = static_cast<float>(work.mean(view)[c]);
  }
}

void GradientFactors::add(Work& work, const View& view, const Affine& affine) {
  const double *sum = work.sum(view), *dot = work.dot(view);
  float *weight = work.weight_gradient(affine.first), *bias = work.weight_gradient(affine.first + 1);
  const double rows = work.pass().training ? static_cast<double>(work.rows(view)) : INFINITY;
  for (int c = 0; c < view.channels; ++c) {
    const double inverse = 1 / work.deviation(view)[c], factor = work.weight(affine.first)[c] * inverse;
    const double against = dot[c] * inverse;  // sum of dz * x^
    if (weight) weight[c] = static_cast<float>(against);
    if (bias) bias[c] = static_cast<float>(sum[c]);
    const double slope = -factor * inverse * against / rows;
    c1.push_back(static_cast<float>(factor));
    c2.push_back(static_cast<float>(slope));
    c3.push_back(static_cast<float>(-factor * sum[c] / rows - slope * work.mean(view)[c]));
  }
}

RawGradient::RawGradient(Work& work, const View& view, const Affine& affine)
    : dz_(work.gradient(view)), raw_(work.raw(view)) {
  if (affine.kind == Affine::Kind::Norm) factors_.add(work, view, affine);
  if (affine.kind != Affine::Kind::Bias) return;
  if (float* bias = work.weight_gradient(affine.first)) std::copy_n(work.sum(view), view.channels, bias);
}

kernels::GradientIn RawGradient::in() const {
  kernels::GradientIn in{.dz = dz_.data, .stride = dz_.stride};
  if (factors_.c1.empty()) return in;
  in.y = raw_.data;
  in.y_stride = raw_.stride;
  in.c1 = factors_.c1.data();
  in.c2 = factors_.c2.data();
  in.c3 = factors_.c3.data();
  return in;
}

}  // namespace ablate::fusion
