#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "harness/execute/fusion/branch_norms.h"
#include "harness/execute/fusion/stacked_weights.h"
#include "harness/execute/fusion/steps.h"
#include "harness/kernels/convolution.h"
#include "harness/kernels/covariance.h"

namespace ablate::fusion {
namespace {

/// All branches of a 1x1 unit, each with its BatchNorm, as one convolution: a branch W_i of an input x has
/// the mean W_i mu and the variance diag(W_i S W_i^T) with mu and S the mean and covariance of x, so
/// BatchNorm is known before anything is convolved:
///   z = F x + b with F = sum_i a_i W_i, a_i = gamma_i r_i, r_i = 1 / sqrt(var_i + eps), b = sum_i beta_i - F
///   mu.
/// Backward, with M pixels, s = sum dz and G = sum dz (x - mu)^T over them:
///   dbeta_i = s, dgamma_i = r_i diag(W_i G^T), dW_i = a_i (G - r_i dgamma_i W_i S),
///   dx = (dz - s / M) F - (x - mu) Q with Q = sum_i W_i^T diag(a_i r_i dgamma_i / M) W_i.
class FoldedPointwiseStep final : public Step {
 public:
  FoldedPointwiseStep(std::vector<FoldedBranch> branches, const View& in, const View& out)
      : Step({in}, {out}), branches_(std::move(branches)) {}

  void forward(Work& work) const override;
  void backward(Work& work) const override;

 private:
  /// What a pass found. B branches, N channels out, K in.
  struct Fold {
    at::Tensor weights;          // [B N, K], the branches under each other
    at::Tensor spread;           // [B N, K] = weights * the covariance of the input; undefined in evaluation
    at::Tensor folded;           // [N, K]
    std::vector<double> centre;  // [K], mean of the input
    BranchNorms norms;
  };

  int inputs() const { return in().channels; }
  int outputs() const { return out().channels; }
  std::int64_t rows() const { return static_cast<std::int64_t>(branches_.size()) * outputs(); }

  void take_batch(Work& work, Fold& fold) const;
  void fold_branches(Work& work, Fold& fold) const;
  at::Tensor give_weights(Work& work, const Fold& fold, const at::Tensor& products, const double* sum) const;

  std::vector<FoldedBranch> branches_;
};

float* data(const at::Tensor& tensor) {
  return tensor.mutable_data_ptr<float>();
}

at::Tensor matrix(std::int64_t rows, std::int64_t columns) {
  return at::empty({rows, columns}, at::TensorOptions(at::kFloat));
}

kernels::Source plain(const at::Tensor& matrix) {
  return {.data = data(matrix), .stride = matrix.size(1)};
}

std::vector<float> floats(const std::vector<double>& values, double sign) {
  std::vector<float> all;
  for (const double value : values) all.push_back(static_cast<float>(sign * value));
  return all;
}

/// The sum of a[i] * b[i], in eight parts, so that vectors can be added.
template <class B>
double dot(const float* a, const B* b, int count) {
  double parts[8] = {};
  int i = 0;
  for (; i + 8 <= count; i += 8)
    for (int l = 0; l < 8; ++l) parts[l] += double(a[i + l]) * double(b[i + l]);
  for (; i < count; ++i) parts[0] += double(a[i]) * double(b[i]);
  return ((parts[0] + parts[4]) + (parts[1] + parts[5])) + ((parts[2] + parts[6]) + (parts[3] + parts[7]));
}

/// to = a * x - b * y.
void give_row(double a, const float* x, double b, const float* y, int count, float* to) {
  for (int c = 0; c < count; ++c) to[c] = static_cast<float>(a * x[c] - b * y[c]);
}

/// Mean and covariance of the input; from them each branch's mean and deviation.
void FoldedPointwiseStep::take_batch(Work& work, Fold& fold) const {
  const auto pixels = work.rows(in());
  const int k = inputs();
  expect_batch(pixels);
  fold.centre.resize(k);
  const auto covariance = matrix(k, k);
  kernels::covariance_of(pixels, k, work.raw(in()), fold.centre.data(), data(covariance), threads());
  fold.spread = matrix(rows(), k);
  kernels::pointwise_forward({rows(), k, k}, plain(fold.weights), data(covariance), data(fold.spread), k, {},
                             threads());
  const float *w = data(fold.weights), *spread = data(fold.spread);
  for (std::int64_t r = 0; r < rows(); ++r, w += k, spread += k)
    fold.norms.add(dot(w, fold.centre.data(), k), dot(w, spread, k));
}

/// F, and b as the shift of whoever reads. F is rounded here if the kernel would round it, and b with it.
void FoldedPointwiseStep::fold_branches(Work& work, Fold& fold) const {
  const int k = inputs();
  const auto rounds = [&](const View& view) { return work.root(view).type == kernels::Type::BFloat16; };
  const bool rounded = rounds(in()) && rounds(out());
  fold.folded = matrix(outputs(), k);
  const float* weights = data(fold.weights);
  float* folded = data(fold.folded);
  std::vector<double> sum(k);
  for (int n = 0; n < outputs(); ++n, folded += k) {
    std::fill(sum.begin(), sum.end(), 0.0);
    double shift = 0;
    for (std::size_t b = 0; b < branches_.size(); ++b) {
      const float* w = weights + (static_cast<std::int64_t>(b) * outputs() + n) * k;
      const double factor = fold.norms.factor(work, b, n);
      shift += fold.norms.shift(work, b, n);
      for (int c = 0; c < k; ++c) sum[c] += factor * w[c];
    }
    std::copy(sum.begin(), sum.end(), folded);
    for (int c = 0; rounded && c < k; ++c) {
      folded[c] = kernels::as_float(kernels::as_bfloat16(folded[c]));
      shift += (sum[c] - folded[c]) * fold.centre[c];
    }
    work.shift(out())[n] = static_cast<float>(shift);
  }
}

void FoldedPointwiseStep::forward(Work& work) const {
  Fold fold;
  fold.weights = stacked_weights(work, branches_, outputs(), inputs());
  fold.norms.channels = outputs();
  for (const auto& branch : branches_) fold.norms.first.push_back(branch.norm);
  if (work.pass().training) {
    take_batch(work, fold);
    if (work.pass().update_statistics) fold.norms.follow(work, work.rows(in()));
  } else {
    fold.centre.assign(inputs(), 0);
    fold.norms.take_running(work);
  }
  fold_branches(work, fold);
  const auto y = work.output(out());
  kernels::pointwise_forward({work.rows(in()), inputs(), outputs()}, work.raw(in()), data(fold.folded),
                             y.data, y.stride, {}, threads());
  if (work.recording()) work.keep(*this, std::move(fold));
}

void FoldedPointwiseStep::backward(Work& work) const {
  const auto& fold = work.kept<Fold>(*this);
  const auto pixels = work.rows(in());
  const int k = inputs();
  const auto g = work.gradient(out());
  const auto x = work.raw(in());
  const double* sum = work.sum(out());
  const auto back = floats(fold.centre, -1);
  const std::vector<float> one(std::max(k, outputs()), 1.0f), zero(std::max(k, outputs()), 0.0f);
  std::vector<float> mean_gradient(outputs(), 0.0f);
  if (work.pass().training)
    for (int n = 0; n < outputs(); ++n) mean_gradient[n] = static_cast<float>(-sum[n] / pixels);
  // G is the same whether the mean gradient is taken from dz or not: x is centred.
  const auto products = matrix(outputs(), k);
  const auto dx = work.wanted(in()) ? work.part(in()) : kernels::GradientOut();
  kernels::pointwise_backward({pixels, k, outputs()},
                              {.dz = g.data,
                               .stride = g.stride,
                               .y = g.data,
                               .y_stride = g.stride,
                               .c1 = one.data(),
                               .c2 = zero.data(),
                               .c3 = mean_gradient.data()},
                              {.data = x.data, .stride = x.stride, .scale = one.data(), .shift = back.data()},
                              data(fold.folded), dx, data(products), threads());
  const auto curvature = give_weights(work, fold, products, sum);  // -Q
  if (!work.wanted(in()) || !work.pass().training) return;
  kernels::pointwise_backward({pixels, k, k},
                              {.dz = x.data,
                               .stride = x.stride,
                               .y = x.data,
                               .y_stride = x.stride,
                               .c1 = one.data(),
                               .c2 = zero.data(),
                               .c3 = back.data()},
                              x, data(curvature), work.part(in()), nullptr, threads());
}

/// The gradients of the branches' weights and BatchNorms; returns -Q [K, K].
at::Tensor FoldedPointwiseStep::give_weights(Work& work, const Fold& fold, const at::Tensor& products,
                                             const double* sum) const {
  const int k = inputs();
  const double pixels = static_cast<double>(work.rows(in()));
  const bool training = work.pass().training;
  const auto scaled = matrix(rows(), k);  // rows of the weights times -a r dgamma / M
  const float *w = data(fold.weights), *spread = training ? data(fold.spread) : w;
  float* to = data(scaled);
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    const auto& branch = branches_[b];
    float* dw = branch.weight ? work.weight_gradient(*branch.weight) : nullptr;
    float *dgamma = work.weight_gradient(branch.norm), *dbeta = work.weight_gradient(branch.norm + 1);
    const float* product = data(products);
    for (int n = 0; n < outputs(); ++n, w += k, spread += k, product += k, to += k) {
      const auto r = fold.norms.at(b, n);
      const double inverse = fold.norms.inverse[r], factor = fold.norms.factor(work, b, n);
      const double against = inverse * (dot(w, product, k) - (training ? 0 : fold.norms.mean[r] * sum[n]));
      if (dgamma) dgamma[n] = static_cast<float>(against);
      if (dbeta) dbeta[n] = static_cast<float>(sum[n]);
      const double slope = training ? inverse * against : 0;
      if (dw) give_row(factor, product, factor * slope, spread, k, dw + std::int64_t(n) * k);
      const double share = -factor * slope / pixels;
      for (int c = 0; c < k; ++c) to[c] = static_cast<float>(share * w[c]);
    }
  }
  if (!training) return {};
  const auto curvature = matrix(k, k);
  kernels::pointwise_backward({rows(), k, k}, {.dz = data(scaled), .stride = k}, plain(fold.weights), nullptr,
                              {}, data(curvature), threads());
  return curvature;
}

}  // namespace

bool folds_well(int in, int out) {
  return in <= 2 * out;
}

std::unique_ptr<Step> folded_pointwise_step(std::vector<FoldedBranch> branches, const View& in,
                                            const View& out) {
  return std::make_unique<FoldedPointwiseStep>(std::move(branches), in, out);
}

}  // namespace ablate::fusion
