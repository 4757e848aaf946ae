#include "harness/execute/fusion/steps.h"
#include "harness/kernels/convolution.h"

namespace ablate::fusion {
namespace {

bool is_pointwise(const Link& link) {
  return link.groups == 1 && link.kernel_height == 1 && link.kernel_width == 1 && link.stride == 1 &&
         link.pad_height == 0 && link.pad_width == 0;
}

class ConvolutionStep final : public Step {
 public:
  ConvolutionStep(const Link& link, const View& in, const View& out, std::size_t weight, const Affine& affine)
      : Step({in}, {out}), link_(link), weight_(weight), affine_(affine) {}

  void forward(Work& work) const override {
    const auto y = work.output(out());
    const auto x = work.source(in());
    const auto* w = work.weight(weight_);
    const auto moments = moments_for(work, out(), affine_);
    const auto finish = work.finish(out());
    if (finish.scale) set_affine(work, out(), affine_);
    if (is_pointwise(link_) && work.packed())
      kernels::pointwise_forward(pointwise(work), x, packed(work, x, y), y.data, y.stride, moments, threads(),
                                 finish);
    else if (is_pointwise(link_))
      kernels::pointwise_forward(pointwise(work), x, w, y.data, y.stride, moments, threads());
    else if (is_depthwise(link_))
      kernels::depthwise_forward(depthwise(work), x, w, y.data, y.stride, moments, threads(), finish);
    else
      kernels::dense_forward(dense(work), x, w, y.data, y.stride, moments, threads());
    if (!finish.scale) set_affine(work, out(), affine_);
  }
  bool forward_in_turn(Work& work, const View& first, const View& to) const override {
    const auto other = work.source(first);
    if (!is_pointwise(link_) || !work.finishes(out()) || other.scale) return false;
    set_affine(work, out(), affine_);
    const auto x = work.source(in());
    const auto y = work.output(to);
    kernels::pointwise_forward(pointwise(work), x, packed(work, x, y), y.data, y.stride, {}, threads(),
                               work.finish(out()), {other.data.as<float>(), other.stride});
    return true;
  }
  bool can_finish() const override { return is_pointwise(link_) || is_depthwise(link_); }

  void backward(Work& work) const override {
    const RawGradient gradient(work, out(), affine_);
    const auto d = gradient.in();
    const auto x = work.source(in());
    const auto* w = work.weight(weight_);
    auto* dw = work.weight_gradient(weight_);
    const auto dx = work.part(in());
    if (is_pointwise(link_))
      kernels::pointwise_backward(pointwise(work), d, x, w, dx, dw, threads());
    else if (is_depthwise(link_))
      kernels::depthwise_backward(depthwise(work), d, x, w, dx, dw, threads());
    else
      kernels::dense_backward(dense(work), d, x, w, dx, dw, threads());
  }

 private:
  const kernels::PackedWeights& packed(Work& work, const kernels::Source& x, const Rows& y) const {
    return work.packed()
        ->try_emplace(weight_, pointwise(work), work.weight(weight_), x.data.type(), y.data.type())
        .first->second;
  }
  kernels::Pointwise pointwise(const Work& work) const { return {work.rows(in()), link_.in, link_.out}; }
  kernels::Depthwise depthwise(const Work& work) const {
    const auto& shape = work.root(in()).shape;
    return {static_cast<int>(work.images()),
            shape.height,
            shape.width,
            link_.in,
            link_.kernel_height,
            link_.kernel_width,
            link_.stride};
  }
  kernels::Dense dense(const Work& work) const {
    const auto& shape = work.root(in()).shape;
    return {static_cast<int>(work.images()),
            shape.height,
            shape.width,
            link_.in,
            link_.out,
            link_.kernel_height,
            link_.kernel_width,
            link_.stride,
            link_.pad_height,
            link_.pad_width};
  }

  Link link_;
  std::size_t weight_;
  Affine affine_;
};

}  // namespace

bool is_depthwise(const Link& link) {
  const int height = link.kernel_height, width = link.kernel_width;
  const bool known = (height == width && (height == 1 || height == 3 || height == 5)) ||
                     (height == 1 && (width == 3 || width == 5)) ||
                     (width == 1 && (height == 3 || height == 5));
  return link.groups == link.in && link.in == link.out && known && (link.stride == 1 || link.stride == 2) &&
         link.pad_height == height / 2 && link.pad_width == width / 2;
}

bool covers(const Link& link) {
  return link.kind == Link::Kind::Conv && !link.pad_with_shift && (link.groups == 1 || is_depthwise(link));
}

std::unique_ptr<Step> convolution_step(const Link& link, const View& in, const View& out, std::size_t weight,
                                       const Affine& affine) {
  return std::make_unique<ConvolutionStep>(link, in, out, weight, affine);
}

}  // namespace ablate::fusion
