#include "harness/execute/operations.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/hardsigmoid.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/relu6.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "harness/core/random.h"

namespace ablate {
namespace {

at::Tensor nearest_rows(const at::Tensor& x, std::int64_t axis, std::int64_t size) {
  const auto index = at::arange(size, at::TensorOptions(at::kLong)).mul_(x.size(axis)).floor_divide_(size);
  return at::index_select(x, axis, index);
}

}  // namespace

at::Tensor convolve(const at::Tensor& x, const Link& link, const at::Tensor& weight, const at::Tensor& bias) {
  const std::array<std::int64_t, 2> pads = link.pad_with_shift
                                               ? std::array<std::int64_t, 2>{0, 0}  // pad_with has done it
                                               : std::array<std::int64_t, 2>{link.pad_height, link.pad_width};
  // A slice of the channels is copied here once; left to the convolution it would be copied again for the
  // gradient.
  const auto whole = x.contiguous(x.suggest_memory_format());
  return at::conv2d(whole, weight, bias, link.stride, pads, 1, link.groups);
}

at::Tensor normalise(const at::Tensor& x, const NormTensors& norm, const Pass& pass) {
  static const at::Tensor none;
  const bool frozen = pass.training && !pass.update_statistics;
  return at::batch_norm(x, norm.weight, norm.bias, frozen ? none : norm.mean, frozen ? none : norm.variance,
                        pass.training, kNormMomentum, kNormEpsilon, false);
}

at::Tensor average(const at::Tensor& x, const Link& link) {
  const std::int64_t pad_height = link.pad_with_shift ? 0 : link.pad_height;
  const std::int64_t pad_width = link.pad_with_shift ? 0 : link.pad_width;
  return at::avg_pool2d(x, {link.kernel_height, link.kernel_width}, link.stride, {pad_height, pad_width});
}

at::Tensor shift_of(const NormTensors& norm) {
  return norm.bias.detach() - norm.mean * norm.weight.detach() / (norm.variance + kNormEpsilon).sqrt();
}

at::Tensor pad_with(const at::Tensor& x, const Link& link, const at::Tensor& border) {
  const std::int64_t pads[] = {link.pad_width, link.pad_width, link.pad_height, link.pad_height};
  const auto outside = at::constant_pad_nd(at::zeros({x.size(2), x.size(3)}, x.options()), pads, 1);
  return at::constant_pad_nd(x, pads, 0) + border.view({1, -1, 1, 1}) * outside;
}

at::Tensor activate(const at::Tensor& x, Activation activation, bool overwrite) {
  at::Tensor y = x;
  switch (activation) {
    case Activation::None:
      return x;
    case Activation::Relu:
      return overwrite ? at::relu_(y) : at::relu(x);
    case Activation::Relu6:
      return overwrite ? at::relu6_(y) : at::relu6(x);
    case Activation::Sigmoid:
      return at::sigmoid(x);
    case Activation::HardSigmoid:
      return at::hardsigmoid(x);
  }
  return x;
}

at::Tensor upsample(const at::Tensor& x, std::int64_t height, std::int64_t width) {
  // LibTorch multiplies by in / out in float, which is exact for a doubling; other ratios take integers.
  if (height == 2 * x.size(2) && width == 2 * x.size(3)) return at::upsample_nearest2d(x, {height, width});
  return nearest_rows(nearest_rows(x, 2, height), 3, width);
}

at::Tensor drop(const at::Tensor& x, const Node& node, const Pass& pass) {
  const bool samples = node.op == Op::DropPath;
  const Stream stream(pass.seed, (samples ? "drop_path." : "dropout.") + node.path);
  Draw draw = stream.at(pass.epoch, pass.step);
  std::vector<std::int64_t> shape = x.sizes().vec();
  if (samples) std::fill(shape.begin() + 1, shape.end(), 1);
  const auto mask = at::empty(shape, at::TensorOptions(at::kFloat));
  const auto threshold = static_cast<std::uint64_t>(std::llround(node.rate * 0x1.0p32));
  const auto kept = static_cast<float>(1.0 / (1.0 - node.rate));
  auto* value = mask.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < mask.numel(); ++i) value[i] = draw.bits() >= threshold ? kept : 0.0f;
  return x * mask.to(x.scalar_type());
}

}  // namespace ablate
