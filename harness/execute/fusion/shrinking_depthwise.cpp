#include <algorithm>
#include <vector>

#include "harness/execute/fusion/branch_set.h"
#include "harness/execute/fusion/folded_depthwise.h"
#include "harness/kernels/branches.h"

namespace ablate::fusion {
namespace {

/// The factors of a gradient c1 * dz + c2 * y + c3, each [C].
struct Factors {
  explicit Factors(int channels) : c1(channels, 0.0f), c2(c1), c3(c1) {}
  void add(int c, double of_dz, double of_y, double constant) {
    c1[c] += static_cast<float>(of_dz);
    c2[c] += static_cast<float>(of_y);
    c3[c] += static_cast<float>(constant);
  }
  std::vector<float> c1, c2, c3;
};

}  // namespace

/// Each branch's mean and deviation from what it makes of the input; those of one tap, the middle, from what
/// that sees.
void FoldedDepthwiseStep::take_branches(Work& work, Fold& fold) const {
  expect_batch(outputs(work));
  BranchSet weights(channels(), taps(), places_);
  weights.set(fold.weights);
  std::vector<const float*> branches;
  for (std::size_t b = 0; b < branches_.size(); ++b)
    if (!weights.point(b)) branches.push_back(weights.values(b));
  const std::size_t middle = branches.size() * channels();
  fold.centre.resize(channels());
  std::vector<double> mean(middle + channels()), variance(mean.size());
  kernels::branch_moments(shape(work), work.source(in()), branches, fold.centre.data(), mean.data(),
                          variance.data(), threads());
  std::size_t next = 0;
  for (std::size_t b = 0; b < branches_.size(); ++b)
    for (int c = 0; c < channels(); ++c) {
      const std::size_t at = weights.point(b) ? middle + c : next++;
      const double w = weights.point(b) ? fold.weights[b][c] : 1;
      fold.norms.add(w * mean[at] + fold.of_centre(b, c, places_[b].size()), w * w * variance[at]);
    }
  fold.middle_mean.assign(mean.begin() + std::ptrdiff_t(middle), mean.end());
  fold.middle_variance.assign(variance.begin() + std::ptrdiff_t(middle), variance.end());
  for (const float value : fold.centre) fold.mean.insert(fold.mean.end(), taps(), value);
}

/// The gradient of what branch b gives in channel c, by y, what it makes of the input less its centre; and
/// that of its BatchNorm's weight. products: the taps' less the centre.
FoldedDepthwiseStep::Line FoldedDepthwiseStep::line(Work& work, const Fold& fold, std::size_t b, int c,
                                                    const std::vector<double>& products) const {
  const auto& places = places_[b];
  const double sum = work.sum(out())[c], pixels = double(outputs(work));
  const double factor = fold.norms.factor(b, c), inverse = fold.norms.inverse(b, c);
  const double mean = fold.norms.mean(b, c) - fold.of_centre(b, c, places.size());
  double dot = -mean * sum;
  for (std::size_t i = 0; i < places.size(); ++i)
    dot += fold.weights[b][c * places.size() + i] * products[c * taps() + places[i]];
  const double share = inverse * inverse * dot / pixels;
  return {.c1 = factor,
          .c2 = -factor * share,
          .c3 = factor * (share * mean - sum / pixels),
          .dgamma = inverse * dot};
}

/// All gradients where the map shrinks; products: the taps' less the centre.
void FoldedDepthwiseStep::give_all(Work& work, const Fold& fold, const Rows& dz,
                                   const std::vector<double>& products) const {
  const double pixels = double(outputs(work));
  BranchSet weights(channels(), taps(), places_), gradients(channels(), taps(), places_);
  weights.set(fold.weights);
  std::vector<Factors> factors(branches_.size(), Factors(channels()));
  Factors middle(channels());
  std::vector<kernels::BranchGradient> branches;
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    const auto& [weight, norm, height, width] = branches_[b];
    float *dw = weight ? work.weight_gradient(*weight) : nullptr, *dgamma = work.weight_gradient(norm);
    if (float* dbeta = work.weight_gradient(norm + 1)) std::copy_n(work.sum(out()), channels(), dbeta);
    for (int c = 0; c < channels(); ++c) {
      const Line d = line(work, fold, b, c, products);
      if (dgamma) dgamma[c] = static_cast<float>(d.dgamma);
      factors[b].add(c, d.c1, d.c2, d.c3);
      if (!weights.point(b)) continue;
      const double w = fold.weights[b][c], mean = fold.middle_mean[c];
      const double squares = fold.middle_variance[c] + mean * mean,
                   product = products[c * taps() + taps() / 2];
      middle.add(c, w * d.c1, w * w * d.c2, w * d.c3);
      if (dw) dw[c] = static_cast<float>(d.c1 * product + pixels * (d.c2 * w * squares + d.c3 * mean));
    }
    const auto& [c1, c2, c3] = factors[b];
    if (!weights.point(b))
      branches.push_back(
          {weights.values(b), c1.data(), c2.data(), c3.data(), dw ? gradients.values(b) : nullptr});
  }
  kernels::MiddleGradient of_points;
  if (branches.size() < branches_.size()) of_points = {middle.c1.data(), middle.c2.data(), middle.c3.data()};
  kernels::branch_backward(shape(work), dz.data, dz.stride, work.source(in()), fold.centre.data(), branches,
                           of_points, work.wanted(in()) ? work.part(in()) : kernels::GradientOut{},
                           threads());
  for (std::size_t b = 0; b < branches_.size(); ++b)
    if (float* dw = branches_[b].weight ? work.weight_gradient(*branches_[b].weight) : nullptr)
      gradients.get(b, dw);
}

}  // namespace ablate::fusion
