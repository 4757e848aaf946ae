#pragma once

#include <numeric>
#include <vector>

#include "harness/execute/fusion/branch_norms.h"
#include "harness/execute/fusion/steps.h"

namespace ablate::fusion {

/// All branches of a depthwise unit, each with its BatchNorm, as one convolution, like those of a 1x1 unit
/// (folded_pointwise_step.cpp), channel by channel: what a branch w_i (zero where its kernel ends) makes of
/// the taps x_t of the common kernel has the mean w_i mu and the variance w_i S w_i with mu and S the mean
/// and covariance of the taps, so
///   z = f x + b with f = sum_i a_i w_i, a_i = gamma_i r_i, r_i = 1 / sqrt(var_i + eps), b = sum_i beta_i - f
///   mu.
/// Backward, with M outputs, s = sum dz and g = sum dz (x - mu) over them:
///   dbeta_i = s, dgamma_i = r_i w_i g, dw_i = a_i (g - r_i dgamma_i S w_i),
///   and an output gives its taps f (dz - s / M) - Q (x - mu) with Q = sum_i w_i w_i a_i r_i dgamma_i / M.
/// Where the map shrinks, outputs are so few that it pays to find anew what the branches give
/// (shrinking_depthwise.cpp).
class FoldedDepthwiseStep final : public Step {
 public:
  FoldedDepthwiseStep(std::vector<FoldedBranch> branches, int stride, const View& in, const View& out);

  void forward(Work& work) const override;
  void backward(Work& work) const override;

 private:
  /// What a pass found. In training: the moments of the taps, and S w_i.
  struct Fold {
    BranchNorms norms;
    std::vector<std::vector<double>> weights = {}, spread = {};  // of each branch: [C, its taps]
    std::vector<float> kernel = {};                              // f [C, taps]
    std::vector<float> centre = {};                              // [C]
    std::vector<double> mean = {};  // [C, taps]; where the map shrinks, the centre
    /// Of what the middle tap sees, less the centre, where the map shrinks: [C].
    std::vector<double> middle_mean = {}, middle_variance = {};

    /// What branch b, of so many taps, makes of the centre of channel c.
    double of_centre(std::size_t b, int c, std::size_t taps_of_it) const {
      const double* first = &weights[b][c * taps_of_it];
      return centre[c] * std::accumulate(first, first + taps_of_it, 0.0);
    }
  };

  /// A gradient c1 * dz + c2 * y + c3, and that of a BatchNorm's weight.
  struct Line {
    double c1, c2, c3, dgamma;
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
  Line line(Work& work, const Fold& fold, std::size_t b, int c, const std::vector<double>& products) const;
  void give_all(Work& work, const Fold& fold, const Rows& dz, const std::vector<double>& products) const;

  std::vector<FoldedBranch> branches_;
  int kernel_height_ = 1, kernel_width_ = 1, stride_;
  std::vector<std::vector<int>> places_;  // of each branch: the taps of its weights
};

}  // namespace ablate::fusion
