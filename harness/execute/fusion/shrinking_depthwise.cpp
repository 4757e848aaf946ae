#include <algorithm>
#include <vector>

#include "harness/execute/fusion/branch_set.h"
#include "harness/execute/fusion/folded_depthwise.h"
#include "harness/kernels/branches.h"

namespace ablate::fusion {

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
      const double factor = fold.norms.factor(b, c), inverse = fold.norms.inverse(b, c);
      const double mean = fold.norms.mean(b, c) - fold.of_centre(b, c, places.size());
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

}  // namespace ablate::fusion
