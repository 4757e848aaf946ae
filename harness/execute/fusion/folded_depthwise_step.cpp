#include "harness/execute/fusion/folded_depthwise.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "harness/kernels/taps.h"

namespace ablate::fusion {

FoldedDepthwiseStep::FoldedDepthwiseStep(std::vector<FoldedBranch> branches, int stride, const View& in,
                                         const View& out)
    : Step({in}, {out}), branches_(std::move(branches)), stride_(stride) {
  for (const auto& branch : branches_) {
    kernel_height_ = std::max(kernel_height_, branch.kernel_height);
    kernel_width_ = std::max(kernel_width_, branch.kernel_width);
  }
  for (const auto& branch : branches_) {
    auto& places = places_.emplace_back();
    const int top = (kernel_height_ - branch.kernel_height) / 2;
    const int left = (kernel_width_ - branch.kernel_width) / 2;
    for (int h = 0; h < branch.kernel_height; ++h)
      for (int w = 0; w < branch.kernel_width; ++w) places.push_back((top + h) * kernel_width_ + left + w);
  }
}

kernels::Depthwise FoldedDepthwiseStep::shape(const Work& work) const {
  const auto& map = work.root(in()).shape;
  return {.images = static_cast<int>(work.images()),
          .height = map.height,
          .width = map.width,
          .channels = channels(),
          .kernel_height = kernel_height_,
          .kernel_width = kernel_width_,
          .stride = stride_};
}

/// The branches' weights as they are now; the identity's are ones.
FoldedDepthwiseStep::Fold FoldedDepthwiseStep::begin(const Work& work) const {
  Fold fold{.norms = {work, branches_, channels()}};
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    auto& weights = fold.weights.emplace_back(channels() * places_[b].size(), 1.0);
    if (branches_[b].weight) std::copy_n(work.weight(*branches_[b].weight), weights.size(), weights.begin());
  }
  return fold;
}

/// The moments of the taps; from them each branch's mean and deviation.
void FoldedDepthwiseStep::take_batch(Work& work, Fold& fold) const {
  const int all = taps();
  expect_batch(outputs(work));
  fold.centre.resize(channels());
  fold.mean.resize(std::size_t(channels()) * all);
  std::vector<double> covariance(fold.mean.size() * all);
  kernels::tap_moments(shape(work), work.source(in()),
                       {fold.centre.data(), fold.mean.data(), covariance.data()}, threads());
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    const auto& places = places_[b];
    auto& spread = fold.spread.emplace_back(fold.weights[b].size(), 0.0);
    for (int c = 0; c < channels(); ++c) {
      const double* w = &fold.weights[b][c * places.size()];
      const double *of_taps = &fold.mean[std::size_t(c) * all],
                   *matrix = &covariance[std::size_t(c) * all * all];
      double *to = &spread[c * places.size()], mean = 0, variance = 0;
      for (std::size_t j = 0; j < places.size(); ++j)  // sums that do not wait for each other
        for (std::size_t i = 0; i < places.size(); ++i) to[i] += w[j] * matrix[places[j] * all + places[i]];
      for (std::size_t i = 0; i < places.size(); ++i) {
        mean += w[i] * of_taps[places[i]];
        variance += w[i] * to[i];
      }
      fold.norms.add(mean, variance);
    }
  }
}

/// f, and b as the shift of whoever reads.
void FoldedDepthwiseStep::fold_branches(Work& work, Fold& fold) const {
  std::vector<double> kernel(std::size_t(channels()) * taps(), 0.0), shift(channels(), 0.0);
  for (std::size_t b = 0; b < branches_.size(); ++b)
    for (int c = 0; c < channels(); ++c) {
      const auto& places = places_[b];
      const double factor = fold.norms.factor(b, c), *w = &fold.weights[b][c * places.size()];
      shift[c] += fold.norms.shift(b, c);
      for (std::size_t i = 0; i < places.size(); ++i)
        kernel[std::size_t(c) * taps() + places[i]] += factor * w[i];
    }
  fold.kernel.assign(kernel.begin(), kernel.end());
  std::copy(shift.begin(), shift.end(), work.shift(out()));
}

void FoldedDepthwiseStep::forward(Work& work) const {
  auto fold = begin(work);
  if (work.pass().training) {
    shrinks() ? take_branches(work, fold) : take_batch(work, fold);
    if (work.pass().update_statistics) fold.norms.follow(work, outputs(work));
  } else {
    fold.norms.take_running(work);
  }
  fold_branches(work, fold);
  const auto y = work.output(out());
  kernels::depthwise_forward(shape(work), work.source(in()), fold.kernel.data(), y.data, y.stride, {},
                             threads());
  if (work.recording()) work.keep(*this, std::move(fold));
}

/// g [C, taps].
std::vector<double> FoldedDepthwiseStep::products(Work& work, const Fold& fold, const Rows& dz) const {
  std::vector<double> products(fold.mean.size());
  kernels::tap_products(shape(work), dz.data, dz.stride, work.source(in()), fold.centre.data(),
                        products.data(), threads());
  const double* sum = work.sum(out());
  for (std::size_t i = 0; i < products.size(); ++i)
    products[i] += (fold.centre[i / taps()] - fold.mean[i]) * sum[i / taps()];
  return products;
}

/// With the running statistics it is one convolution indeed: sum dz x, and the gradient of the input.
std::vector<double> FoldedDepthwiseStep::products_and_input(Work& work, const Fold& fold,
                                                            const Rows& dz) const {
  std::vector<float> products(fold.kernel.size());
  kernels::depthwise_backward(shape(work), {.dz = dz.data, .stride = dz.stride}, work.source(in()),
                              fold.kernel.data(), work.part(in()), products.data(), threads());
  return {products.begin(), products.end()};
}

/// The gradients of the branches' weights and BatchNorms; returns Q [C, taps, taps].
std::vector<double> FoldedDepthwiseStep::give_branches(Work& work, const Fold& fold,
                                                       const std::vector<double>& products) const {
  const bool training = work.pass().training;
  const int all = taps();
  const double *sum = work.sum(out()), pixels = double(outputs(work));
  std::vector<double> curvature(training ? products.size() * all : 0, 0.0);
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    const auto& [weight, norm, height, width] = branches_[b];
    const auto& places = places_[b];
    float *dw = weight ? work.weight_gradient(*weight) : nullptr, *dgamma = work.weight_gradient(norm);
    if (float* dbeta = work.weight_gradient(norm + 1)) std::copy_n(sum, channels(), dbeta);
    for (int c = 0; c < channels(); ++c) {
      const double* w = &fold.weights[b][c * places.size()];
      const double* product = &products[std::size_t(c) * all];
      const double factor = fold.norms.factor(b, c), inverse = fold.norms.inverse(b, c);
      double dot = training ? 0 : -fold.norms.mean(b, c) * sum[c];
      for (std::size_t i = 0; i < places.size(); ++i) dot += w[i] * product[places[i]];
      if (dgamma) dgamma[c] = static_cast<float>(inverse * dot);
      const double slope = inverse * inverse * dot, share = factor * slope / pixels;
      for (std::size_t i = 0; dw && i < places.size(); ++i) {
        const std::size_t own = c * places.size() + i;
        const double through = training ? slope * fold.spread[b][own] : 0;
        dw[own] = static_cast<float>(factor * (product[places[i]] - through));
      }
      if (!training) continue;
      double* matrix = &curvature[std::size_t(c) * all * all];
      for (std::size_t i = 0; i < places.size(); ++i)
        for (std::size_t j = 0; j < places.size(); ++j)
          matrix[places[i] * all + places[j]] += share * w[i] * w[j];
    }
  }
  return curvature;
}

void FoldedDepthwiseStep::give_input(Work& work, const Fold& fold, const Rows& dz,
                                     const std::vector<double>& curvature) const {
  const int all = taps();
  const double *sum = work.sum(out()), pixels = double(outputs(work));
  std::vector<float> constant(fold.kernel.size());
  for (int c = 0; c < channels(); ++c) {
    const double* matrix = &curvature[std::size_t(c) * all * all];
    for (int t = 0; t < all; ++t, matrix += all) {
      const std::size_t at = std::size_t(c) * all + t;
      double value = -fold.kernel[at] * sum[c] / pixels;
      for (int u = 0; u < all; ++u)
        value -= matrix[u] * (fold.centre[c] - fold.mean[std::size_t(c) * all + u]);
      constant[at] = static_cast<float>(value);
    }
  }
  const std::vector<float> curved(curvature.begin(), curvature.end());
  kernels::tap_backward(shape(work), dz.data, dz.stride, work.source(in()),
                        {fold.kernel.data(), constant.data(), curved.data(), fold.centre.data()},
                        work.part(in()), threads());
}

void FoldedDepthwiseStep::backward(Work& work) const {
  const auto& fold = work.kept<Fold>(*this);
  const auto dz = work.gradient(out());
  const bool training = work.pass().training;
  const auto sums = training ? products(work, fold, dz) : products_and_input(work, fold, dz);
  if (training && shrinks()) return give_all(work, fold, dz, sums);
  const auto curvature = give_branches(work, fold, sums);
  if (training && work.wanted(in())) give_input(work, fold, dz, curvature);
}

std::unique_ptr<Step> folded_depthwise_step(std::vector<FoldedBranch> branches, int stride, const View& in,
                                            const View& out) {
  return std::make_unique<FoldedDepthwiseStep>(std::move(branches), stride, in, out);
}

}  // namespace ablate::fusion
