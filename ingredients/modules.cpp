#include "ingredients/modules.h"

#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>

namespace ablate::ingredients {
namespace {

at::Tensor uniform_values(const std::vector<std::int64_t>& shape, double bound, Draw draw) {
  const auto values = at::empty(shape, at::kFloat);
  auto* value = values.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); ++i) value[i] = float(draw.uniform(-bound, bound));
  return values;
}

}  // namespace

void Modules::declare(const std::string& name, Kind kind, std::vector<std::int64_t> shape,
                      std::int64_t fan_in) {
  entries_.push_back({.name = name, .shape = std::move(shape), .kind = kind});
  fan_in_.push_back(fan_in);
}

void Modules::convolution(const std::string& name, int in, int out, int kernel, bool bias) {
  const auto fan_in = std::int64_t(in) * kernel * kernel;
  declare(name + ".weight", Kind::ConvWeight, {out, in, kernel, kernel}, fan_in);
  if (bias) declare(name + ".bias", Kind::ConvBias, {out}, fan_in);
}

void Modules::linear(const std::string& name, int in, int out) {
  declare(name + ".weight", Kind::LinearWeight, {out, in}, in);
  declare(name + ".bias", Kind::LinearBias, {out}, in);
}

void Modules::norm(const std::string& name, int channels) {
  declare(name + ".weight", Kind::NormWeight, {channels}, 0);
  declare(name + ".bias", Kind::NormBias, {channels}, 0);
}

void Modules::make(Setup& setup) {
  if (entries_.empty()) return;
  const at::NoGradGuard no_gradients;
  weights_ = &setup.train_along(entries_);
  const auto stream = setup.stream(setup.name());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto& tensor = weights_->at(entries_[i].name);
    if (fan_in_[i] > 0)
      tensor.copy_(uniform_values(entries_[i].shape, 1 / std::sqrt(double(fan_in_[i])), stream.at(0, i)));
    else if (entries_[i].kind == Kind::NormWeight)
      tensor.fill_(1);
  }
}

at::Tensor Modules::convolve(const std::string& name, const at::Tensor& x) const {
  static const at::Tensor none;
  const auto& weight = weights_->at(name + ".weight");
  const auto& bias = weights_->has(name + ".bias") ? weights_->at(name + ".bias") : none;
  return at::conv2d(x, weight, bias, 1, weight.size(2) / 2);
}

at::Tensor Modules::project(const std::string& name, const at::Tensor& x) const {
  return at::linear(x, weights_->at(name + ".weight"), weights_->at(name + ".bias"));
}

at::Tensor Modules::normalise(const std::string& name, const at::Tensor& x) const {
  constexpr double kEpsilon = 1e-5, kUnusedMomentum = 0;
  return at::batch_norm(x, weights_->at(name + ".weight"), weights_->at(name + ".bias"), {}, {}, true,
                        kUnusedMomentum, kEpsilon, false);
}

}  // namespace ablate::ingredients
