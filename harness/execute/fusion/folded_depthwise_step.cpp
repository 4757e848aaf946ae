#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "harness/execute/fusion/branch_norms.h"
#include "harness/execute/fusion/branch_set.h"
#include "harness/execute/fusion/steps.h"
#include "harness/kernels/branches.h"
#include "harness/kernels/taps.h"

namespace ablate::fusion {
namespace {

/// All branches of a depthwise unit, each with its BatchNorm, as one convolution, like those of a 1x1 unit
/// (folded_pointwise_step.cpp), channel by channel: what a branch w_i (zero where its kernel ends) makes of
/// the taps x_t of the common kernel has the mean w_i mu and the variance w_i S w_i with mu and S the mean
/// and covariance of the taps, so
///   z = f x + b with f = sum_i a_i w_i, a_i = gamma_i r_i, r_i = 1 / sqrt(var_i + eps), b = sum_i beta_i - f
///   mu.
/// Backward, with M outputs, s = sum dz and g = sum dz (x - mu) over them:
///   dbeta_i = s, dgamma_i = r_i w_i g, dw_i = a_i (g - r_i dgamma_i S w_i),
///   and an output gives its taps f (dz - s / M) - Q (x - mu) with Q = sum_i w_i w_i a_i r_i dgamma_i / M.
/// Where the map shrinks, outputs are so few that it pays to find anew what the branches give (branches.h).
class FoldedDepthwiseStep final : public Step {
 public:
  FoldedDepthwiseStep(std::vector<FoldedBranch> branches, int stride, const View& in, const View& out);

  void forward(Work& work) const override;
  void backward(Work& work) const override;

 private:
  /// What a pass found. In training: the moments of the taps, and S w_i.
  struct Fold {
    BranchNorms norms;
    std::vector<std::vector<double>> weights, spread;  // of each branch: [C, its taps]
    std::vector<float> kernel;                         // f [C, taps]
    std::vector<float> centre;                         // [C]
    std::vector<double> mean;                          // [C, taps]; where the map shrinks, the centre

    /// What branch b, of so many taps, makes of the centre of channel c.
    double of_centre(std::size_t b, int c, std::size_t taps_of_it) const {
      const double* first = &weights[b][c * taps_of_it];
      return centre[c] * std::accumulate(first, first + taps_of_it, 0.0);
    }
  };

  int channels() const { return out().channels; }
  int taps() const { return kernel_height_ * kernel_width_; }
  kernels::Depthwise shape(const Work& work) const;
  std::int64_t outputs(const Work& work) const { return work.rows(out()); }

  Fold begin(const Work& work) const;
  bool shrinks() const { return stride_ > 1; }
  void take_batch(Work& work, Fold& fold) const;
  void take_branches(Work& work, Fold& fold) const;
  void fold_branches(Work& work, Fold& fold) const;
  std::vector<double> products(Work& work, const Fold& fold, const Rows& dz) const;
  std::vector<double> products_and_input(Work& work, const Fold& fold, const Rows& dz) const;
  std::vector<double> give_branches(Work& work, const Fold& fold, const std::vector<double>& products) const;
  void give_input(Work& work, const Fold& fold, const Rows& dz, const std::vector<double>& curvature) const;
  void give_all(Work& work, const Fold& fold, const Rows& dz, const std::vector<double>& products) const;

  std::vector<FoldedBranch> branches_;
  int kernel_height_ = 1, kernel_width_ = 1, stride_;
  std::vector<std::vector<int>> places_;  // of each branch: the taps of its weights
};

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
  Fold fold;
  fold.norms.channels = channels();
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    fold.norms.first.push_back(branches_[b].norm);
    auto& weights = fold.weights.emplace_back(channels() * places_[b].size(), 1.0);
    if (branches_[b].weight) std::copy_n(work.weight(*branches_[b].weight), weights.size(), weights.begin());
  }
  return fold;
}

/// The moments of the taps; from them each branch's mean and deviation.
void FoldedDepthwiseStep::take_batch(Work& work, Fold& fold) const {
  expect_batch(outputs(work));
  fold.centre.resize(channels());
  fold.mean.resize(std::size_t(channels()) * taps());
  std::vector<double> covariance(fold.mean.size() * taps());
  kernels::tap_moments(shape(work), work.source(in()),
                       {fold.centre.data(), fold.mean.data(), covariance.data()}, threads());
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    const auto& places = places_[b];
    auto& spread = fold.spread.emplace_back(fold.weights[b].size(), 0.0);
    for (int c = 0; c < channels(); ++c) {
      const double* w = &fold.weights[b][c * places.size()];
      double mean = 0, variance = 0;
      for (std::size_t i = 0; i < places.size(); ++i) {
        const std::size_t at = std::size_t(c) * taps() + places[i];
        double& sum = spread[c * places.size() + i];
        for (std::size_t j = 0; j < places.size(); ++j) sum += w[j] * covariance[at * taps() + places[j]];
        mean += w[i] * fold.mean[at];
        variance += w[i] * sum;
      }
      fold.norms.add(mean, variance);
    }
  }
}

/// Each branch's mean and deviation from what it makes of the input.
void FoldedDepthwiseStep::take_branches(Work& work, Fold& fold) const {
  expect_batch(outputs(work));
  BranchSet weights(channels(), taps(), places_);
  weights.set(fold.weights);
  fold.centre.resize(channels());
  std::vector<double> mean(branches_.size() * channels()), variance(mean.size());
  kernels::branch_moments(shape(work), work.source(in()), weights.all(), fold.centre.data(), mean.data(),
                          variance.data(), threads());
  for (std::size_t b = 0; b < branches_.size(); ++b)
    for (int c = 0; c < channels(); ++c)
      fold.norms.add(mean[b * channels() + c] + fold.of_centre(b, c, places_[b].size()),
                     variance[b * channels() + c]);
  for (const float value : fold.centre) fold.mean.insert(fold.mean.end(), taps(), value);
}

/// f, and b as the shift of whoever reads.
void FoldedDepthwiseStep::fold_branches(Work& work, Fold& fold) const {
  std::vector<double> kernel(std::size_t(channels()) * taps(), 0.0), shift(channels(), 0.0);
  for (std::size_t b = 0; b < branches_.size(); ++b)
    for (int c = 0; c < channels(); ++c) {
      const double factor = fold.norms.factor(work, b, c);
      shift[c] += fold.norms.shift(work, b, c);
      for (std::size_t i = 0; i < places_[b].size(); ++i)
        kernel[std::size_t(c) * taps() + places_[b][i]] +=
            factor * fold.weights[b][c * places_[b].size() + i];
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
  const double* sum = work.sum(out());
  std::vector<double> curvature(training ? products.size() * taps() : 0, 0.0);
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    const auto& [weight, norm, height, width] = branches_[b];
    const auto& places = places_[b];
    float *dw = weight ? work.weight_gradient(*weight) : nullptr, *dgamma = work.weight_gradient(norm);
    if (float* dbeta = work.weight_gradient(norm + 1)) std::copy_n(sum, channels(), dbeta);
    for (int c = 0; c < channels(); ++c) {
      const double* w = &fold.weights[b][c * places.size()];
      const double factor = fold.norms.factor(work, b, c), inverse = fold.norms.inverse[fold.norms.at(b, c)];
      double dot = training ? 0 : -fold.norms.mean[fold.norms.at(b, c)] * sum[c];
      for (std::size_t i = 0; i < places.size(); ++i) dot += w[i] * products[c * taps() + places[i]];
      if (dgamma) dgamma[c] = static_cast<float>(inverse * dot);
      const double slope = inverse * inverse * dot;
      for (std::size_t i = 0; i < places.size(); ++i) {
        const std::size_t at = std::size_t(c) * taps() + places[i], own = c * places.size() + i;
        const double through = training ? slope * fold.spread[b][own] : 0;
        if (dw) dw[own] = static_cast<float>(factor * (products[at] - through));
        const double share = factor * slope / double(outputs(work)) * w[i];
        for (std::size_t j = 0; training && j < places.size(); ++j)
          curvature[at * taps() + places[j]] += share * w[j];
      }
    }
  }
  return curvature;
}

void FoldedDepthwiseStep::give_input(Work& work, const Fold& fold, const Rows& dz,
                                     const std::vector<double>& curvature) const {
  std::vector<float> constant;
  const double* sum = work.sum(out());
  for (std::size_t i = 0; i < fold.kernel.size(); ++i) {
    const std::size_t c = i / taps();
    double value = -fold.kernel[i] * sum[c] / double(outputs(work));
    for (int u = 0; u < taps(); ++u)
      value -= curvature[i * taps() + u] * (fold.centre[c] - fold.mean[c * taps() + u]);
    constant.push_back(static_cast<float>(value));
  }
  const std::vector<float> curved(curvature.begin(), curvature.end());
  kernels::tap_backward(shape(work), dz.data, dz.stride, work.source(in()),
                        {fold.kernel.data(), constant.data(), curved.data(), fold.centre.data()},
                        work.part(in()), threads());
}

/// All gradients where the map shrinks; products: the taps' less the centre.
void FoldedDepthwiseStep::give_all(Work& work, const Fold& fold, const Rows& dz,
                                   const std::vector<double>& products) const {
  const double *sum = work.sum(out()), outputs_of_all = double(outputs(work));
  BranchSet weights(channels(), taps(), places_), gradients(channels(), taps(), places_);
  weights.set(fold.weights);
  std::vector<std::vector<float>> factors(3 * branches_.size(), std::vector<float>(channels()));
  std::vector<kernels::BranchGradient> branches;
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    const auto& places = places_[b];
    float *c1 = factors[3 * b].data(), *c2 = factors[3 * b + 1].data(), *c3 = factors[3 * b + 2].data();
    float* dgamma = work.weight_gradient(branches_[b].norm);
    if (float* dbeta = work.weight_gradient(branches_[b].norm + 1)) std::copy_n(sum, channels(), dbeta);
    for (int c = 0; c < channels(); ++c) {
      const double factor = fold.norms.factor(work, b, c), inverse = fold.norms.inverse[fold.norms.at(b, c)];
      const double mean = fold.norms.mean[fold.norms.at(b, c)] - fold.of_centre(b, c, places.size());
      double dot = -mean * sum[c];
      for (std::size_t i = 0; i < places.size(); ++i)
        dot += fold.weights[b][c * places.size() + i] * products[c * taps() + places[i]];
      if (dgamma) dgamma[c] = static_cast<float>(inverse * dot);
      const double share = inverse * inverse * dot / outputs_of_all;
      c1[c] = static_cast<float>(factor);
      c2[c] = static_cast<float>(-factor * share);
      c3[c] = static_cast<float>(factor * (share * mean - sum[c] / outputs_of_all));
    }
    const auto& weight = branches_[b].weight;
    float* dw = weight && work.weight_gradient(*weight) ? gradients.values(b) : nullptr;
    branches.push_back({weights.branch(b), c1, c2, c3, dw});
  }
  kernels::branch_backward(shape(work), dz.data, dz.stride, work.source(in()), fold.centre.data(), branches,
                           work.wanted(in()) ? work.part(in()) : kernels::GradientOut{}, threads());
  for (std::size_t b = 0; b < branches.size(); ++b)
    if (branches[b].dw) gradients.get(b, work.weight_gradient(*branches_[b].weight));
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

}  // namespace

std::unique_ptr<Step> folded_depthwise_step(std::vector<FoldedBranch> branches, int stride, const View& in,
                                            const View& out) {
  return std::make_unique<FoldedDepthwiseStep>(std::move(branches), stride, in, out);
}

}  // namespace ablate::fusion
