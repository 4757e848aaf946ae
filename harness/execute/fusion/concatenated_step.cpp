#include <ATen/ops/empty.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "harness/execute/fusion/stacked_weights.h"
#include "harness/execute/fusion/steps.h"
#include "harness/kernels/convolution.h"
#include "harness/kernels/elementwise.h"

namespace ablate::fusion {
namespace {

/// All branches of a 1x1 unit, each with its BatchNorm, as one convolution to the outputs of all of them, B
/// times N channels, which are normalised and summed afterwards. The input is read once, and so is the
/// gradient of the sum, which is that of each branch.
class ConcatenatedStep final : public Step {
 public:
  ConcatenatedStep(std::vector<FoldedBranch> branches, const View& in, const View& joined, const View& out)
      : Step({in}, {out, joined}), branches_(std::move(branches)) {}

  void forward(Work& work) const override {
    auto weights = stacked_weights(work, branches_, out().channels, in().channels);
    const auto y = work.output(joined());
    kernels::pointwise_forward(shape(work), work.source(in()), weights.const_data_ptr<float>(), y.data,
                               y.stride, moments_for(work, joined(), affine(0)), threads());
    std::vector<kernels::Source> terms;
    for (std::size_t b = 0; b < branches_.size(); ++b) {
      set_affine(work, part(b), affine(b));
      terms.push_back(work.source(part(b)));
    }
    const auto z = work.output(out());
    kernels::sum_forward(work.rows(out()), out().channels, terms, z.data, z.stride, threads());
    if (work.recording()) work.keep(*this, std::move(weights));
  }

  void backward(Work& work) const override {
    const auto& weights = work.kept<at::Tensor>(*this);
    const auto g = work.gradient(out());
    const auto y = work.raw(joined());
    kernels::shared_gradient_sums({.rows = work.rows(out()),
                                   .channels = out().channels,
                                   .maps = static_cast<int>(branches_.size()),
                                   .g = g.data,
                                   .g_stride = g.stride,
                                   .y = y.data,
                                   .y_stride = y.stride,
                                   .centre = work.centre(joined())},
                                  work.sum(joined()), work.dot(joined()), threads());
    GradientFactors factors;
    for (std::size_t b = 0; b < branches_.size(); ++b) factors.add(work, part(b), affine(b));
    const auto gradients = at::empty_like(weights);
    kernels::pointwise_backward(shape(work),
                                {.dz = g.data,
                                 .stride = g.stride,
                                 .y = y.data,
                                 .y_stride = y.stride,
                                 .c1 = factors.c1.data(),
                                 .c2 = factors.c2.data(),
                                 .c3 = factors.c3.data(),
                                 .repeats = static_cast<int>(branches_.size())},
                                work.source(in()), weights.const_data_ptr<float>(), work.part(in()),
                                gradients.mutable_data_ptr<float>(), threads());
    const std::int64_t each = std::int64_t(out().channels) * in().channels;
    for (std::size_t b = 0; b < branches_.size(); ++b)
      if (float* dw = work.weight_gradient(*branches_[b].weight))
        std::copy_n(gradients.const_data_ptr<float>() + static_cast<std::int64_t>(b) * each, each, dw);
  }

 private:
  const View& joined() const { return writes()[1]; }
  View part(std::size_t branch) const {
    View view = joined();
    view.channels = out().channels;
    view.offset += static_cast<int>(branch) * view.channels;
    return view;
  }
  Affine affine(std::size_t branch) const { return {Affine::Kind::Norm, branches_[branch].norm}; }
  kernels::Pointwise shape(const Work& work) const {
    return {work.rows(in()), in().channels, joined().channels};
  }

  std::vector<FoldedBranch> branches_;
};

}  // namespace

std::unique_ptr<Step> concatenated_step(std::vector<FoldedBranch> branches, const View& in,
                                        const View& joined, const View& out) {
  return std::make_unique<ConcatenatedStep>(std::move(branches), in, joined, out);
}

}  // namespace ablate::fusion
