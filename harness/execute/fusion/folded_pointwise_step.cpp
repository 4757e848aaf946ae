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
#include "harness/kernels/weight_rows.h"

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
    at::Tensor weights;  // [B N, K], the branches under each other
    BranchNorms norms;
    at::Tensor spread = {};  // [B N, K] = weights * the covariance of the input; undefined in evaluation
    at::Tensor folded = {};  // [N, K]
    std::vector<double> centre = {};  // [K], mean of the input
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

/// Mean and covariance of the input; from them each branch's mean and deviation.
void FoldedPointwiseStep::take_batch(Work& work, Fold& fold) const {
  const auto pixels = work.rows(in());
  const int k = inputs();
  expect_batch(pixels);
  fold.centre.resize(k);
  const auto covariance = matrix(k, k);
  kernels::covariance_of(pixels, k, work.source(in()), fold.centre.data(), data(covariance), threads());
  fold.spread = matrix(rows(), k);
  kernels::pointwise_forward({rows(), k, k}, plain(fold.weights), data(covariance), data(fold.spread), k, {},
                             threads());
  std::vector<double> mean(rows()), variance(rows());
  kernels::dot_rows(rows(), k, data(fold.weights), fold.centre.data(), mean.data());
  kernels::dot_rows(rows(), k, data(fold.weights), data(fold.spread), variance.data());
  for (std::int64_t r = 0; r < rows(); ++r) fold.norms.add(mean[r], variance[r]);
}

/// F, and b as the shift of whoever reads. F is rounded here if the kernel would round it, and b with it.
void FoldedPointwiseStep::fold_branches(Work& work, Fold& fold) const {
  const int k = inputs(), count = static_cast<int>(branches_.size());
  const auto rounds = [&](const View& view) { return work.root(view).type == kernels::Type::BFloat16; };
  const bool rounded = rounds(in()) && rounds(out());
  std::vector<double> factors(rows()), shift(outputs(), 0.0);
  for (int b = 0; b < count; ++b)
    for (int n = 0; n < outputs(); ++n) {
      factors[std::size_t(b) * outputs() + n] = fold.norms.factor(b, n);
      shift[n] += fold.norms.shift(b, n);
    }
  fold.folded = matrix(outputs(), k);
  float* folded = data(fold.folded);
  kernels::add_rows(count, outputs(), k, factors.data(), data(fold.weights), folded);
  for (int n = 0; rounded && n < outputs(); ++n, folded += k)
    for (int c = 0; c < k; ++c) {
      const float exact = folded[c];
      folded[c] = kernels::as_float(kernels::as_bfloat16(exact));
      shift[n] += (double(exact) - folded[c]) * fold.centre[c];
    }
  std::copy(shift.begin(), shift.end(), work.shift(out()));
}

void FoldedPointwiseStep::forward(Work& work) const {
  Fold fold{.weights = stacked_weights(work, branches_, outputs(), inputs()),
            .norms = {work, branches_, outputs()}};
  if (work.pass().training) {
    take_batch(work, fold);
    if (work.pass().update_statistics) fold.norms.follow(work, work.rows(in()));
  } else {
    fold.centre.assign(inputs(), 0);
    fold.norms.take_running(work);
  }
  fold_branches(work, fold);
  const auto y = work.output(out());
  kernels::pointwise_forward({work.rows(in()), inputs(), outputs()}, work.source(in()), data(fold.folded),
                             y.data, y.stride, {}, threads());
  if (work.recording()) work.keep(*this, std::move(fold));
}

void FoldedPointwiseStep::backward(Work& work) const {
  const auto& fold = work.kept<Fold>(*this);
  const kernels::Pointwise shape{work.rows(in()), inputs(), outputs()};
  const bool training = work.pass().training;
  const auto g = work.gradient(out());
  const auto x = work.source(in());
  const double* sum = work.sum(out());
  const std::vector<float> centre(fold.centre.begin(), fold.centre.end());
  const std::vector<float> one(outputs(), 1.0f), zero(outputs(), 0.0f);
  std::vector<float> mean_gradient(outputs(), 0.0f);
  for (int n = 0; training && n < outputs(); ++n)
    mean_gradient[n] = static_cast<float>(-sum[n] / double(shape.rows));
  const kernels::GradientIn d{.dz = g.data,
                              .stride = g.stride,
                              .y = g.data,
                              .y_stride = g.stride,
                              .c1 = one.data(),
                              .c2 = zero.data(),
                              .c3 = mean_gradient.data()};
  const auto products = matrix(outputs(), inputs());
  // G is the same whether the mean gradient is taken from dz or not: x is centred.
  kernels::pointwise_backward(shape, d, x, data(fold.folded),
                              work.wanted(in()) ? work.part(in()) : kernels::GradientOut(), data(products),
                              threads(), centre.data());
  const auto curvature = give_weights(work, fold, products, sum);  // -Q
  if (training && work.wanted(in()))
    kernels::curvature_backward(shape.rows, shape.in, x, centre.data(), data(curvature), work.part(in()),
                                threads());
}

/// The gradients of the branches' weights and BatchNorms; returns -Q [K, K].
at::Tensor FoldedPointwiseStep::give_weights(Work& work, const Fold& fold, const at::Tensor& products,
                                             const double* sum) const {
  const int k = inputs();
  const std::int64_t each = outputs();
  const double pixels = static_cast<double>(work.rows(in()));
  const bool training = work.pass().training;
  std::vector<double> dots(each), factors(each), through(each);
  std::vector<float> shares;
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    const auto& branch = branches_[b];
    const float* w = data(fold.weights) + static_cast<std::int64_t>(b) * each * k;
    kernels::dot_rows(each, k, w, data(products), dots.data());
    float *dgamma = work.weight_gradient(branch.norm), *dbeta = work.weight_gradient(branch.norm + 1);
    for (int n = 0; n < outputs(); ++n) {
      const double inverse = fold.norms.inverse(b, n);
      const double against = inverse * (dots[n] - (training ? 0 : fold.norms.mean(b, n) * sum[n]));
      if (dgamma) dgamma[n] = static_cast<float>(against);
      if (dbeta) dbeta[n] = static_cast<float>(sum[n]);
      factors[n] = fold.norms.factor(b, n);
      through[n] = training ? factors[n] * inverse * against : 0;
      shares.push_back(static_cast<float>(-through[n] / pixels));
    }
    const float* spread = training ? data(fold.spread) + static_cast<std::int64_t>(b) * each * k : w;
    if (float* dw = branch.weight ? work.weight_gradient(*branch.weight) : nullptr)
      kernels::subtract_rows(each, k, factors.data(), data(products), through.data(), spread, dw);
  }
  if (!training) return {};
  const auto curvature = matrix(k, k);
  kernels::weighted_squares(rows(), k, shares.data(), data(fold.weights), data(curvature));
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
