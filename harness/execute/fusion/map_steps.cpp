#include <array>
#include <utility>

#include "harness/execute/fusion/steps.h"
#include "harness/kernels/elementwise.h"

namespace ablate::fusion {
namespace {

class SumStep final : public Step {
 public:
  SumStep(std::vector<View> in, const View& out) : Step(std::move(in), {out}) {}

  void forward(Work& work) const override {
    std::vector<kernels::Source> sources;
    for (const auto& view : reads()) sources.push_back(work.source(view));
    const auto y = work.output(out());
    kernels::sum_forward(work.rows(out()), out().channels, sources, y.data, y.stride, threads());
  }

  void backward(Work& work) const override {
    const auto g = work.gradient(out());
    for (const auto& view : reads()) work.pass_on(view, g);
  }
};

class NormStep final : public Step {
 public:
  NormStep(const View& in, const View& out, const Affine& affine) : Step({in}, {out}), affine_(affine) {}

  void forward(Work& work) const override {
    work.share(out(), work.rows_of(in()));
    const auto moments = moments_for(work, out(), affine_);
    if (moments.mean)
      kernels::moments_of(work.rows(out()), out().channels, work.raw(out()), moments, threads());
    set_affine(work, out(), affine_);
  }

  void backward(Work& work) const override {
    const RawGradient gradient(work, out(), affine_);
    const auto d = gradient.in();
    const std::vector<float> zero(out().channels, 0.0f);
    const std::array<kernels::Source, 2> terms{
        kernels::Source{.data = d.dz, .stride = d.stride, .scale = d.c1, .shift = zero.data()},
        kernels::Source{.data = d.y, .stride = d.y_stride, .scale = d.c2, .shift = d.c3}};
    const auto sum = work.scratch(out());
    kernels::sum_forward(work.rows(out()), out().channels, terms, sum.data, sum.stride, threads());
    work.pass_on(in(), sum);
  }

 private:
  Affine affine_;
};

class GateStep final : public Step {
 public:
  GateStep(const View& in, const View& gate, const View& out) : Step({in, gate}, {out}) {}

  void forward(Work& work) const override {
    const auto y = work.output(out());
    kernels::gate_forward(shape(work), work.source(in(0)), work.source(in(1)), y.data, y.stride, threads());
  }

  void backward(Work& work) const override {
    const auto g = work.gradient(out());
    const auto dx = work.part(in(0)), dgate = work.part(in(1));
    kernels::gate_backward(shape(work), g.data, g.stride, work.source(in(0)), work.source(in(1)), dx, dgate,
                           threads());
  }

 private:
  kernels::Gate shape(const Work& work) const {
    const auto &map = work.root(out()).shape, &gate = work.root(in(1)).shape;
    return {static_cast<int>(work.images()), map.height, map.width, out().channels, gate.height, gate.width};
  }
};

class PoolStep final : public Step {
 public:
  PoolStep(const View& in, const View& out, int height, int width)
      : Step({in}, {out}), height_(height), width_(width) {}

  void forward(Work& work) const override {
    const auto y = work.output(out());
    kernels::pool_forward(shape(work), work.source(in()), y.data, y.stride, threads());
  }

  void backward(Work& work) const override {
    if (!work.wanted(in())) return;
    const auto g = work.gradient(out());
    kernels::pool_backward(shape(work), g.data, g.stride, work.source(in()), work.part(in()), threads());
  }

 private:
  kernels::Pool shape(const Work& work) const {
    const auto& map = work.root(in()).shape;
    return {static_cast<int>(work.images()), map.height, map.width, in().channels, height_, width_};
  }

  int height_, width_;
};

class MaxPoolStep final : public Step {
 public:
  MaxPoolStep(const View& in, const View& out, int kernel, int stride, int padding)
      : Step({in}, {out}), kernel_(kernel), stride_(stride), padding_(padding) {}

  void forward(Work& work) const override {
    const auto y = work.output(out());
    kernels::max_pool_forward(shape(work), work.source(in()), y.data, y.stride, threads());
  }

  void backward(Work& work) const override {
    if (!work.wanted(in())) return;
    const auto g = work.gradient(out());
    kernels::max_pool_backward(shape(work), g.data, g.stride, work.source(in()), work.part(in()), threads());
  }

 private:
  kernels::MaxPool shape(const Work& work) const {
    const auto& map = work.root(in()).shape;
    return {
        static_cast<int>(work.images()), map.height, map.width, in().channels, kernel_, stride_, padding_};
  }

  int kernel_, stride_, padding_;
};

class InterleaveStep : public Step {
 public:
  InterleaveStep(const View& a, const View& b, const View& out) : Step({a, b}, {out}) {}

  void forward(Work& work) const override {
    const auto y = work.output(out());
    kernels::interleave_forward(work.rows(out()), in().channels, work.source(in(0)), work.source(in(1)),
                                y.data, y.stride, threads());
  }

  void backward(Work& work) const override {
    const auto g = work.gradient(out());
    const auto da = work.part(in(0)), db = work.part(in(1));
    kernels::interleave_backward(work.rows(out()), in().channels, g.data, g.stride, work.source(in(0)),
                                 work.source(in(1)), da, db, threads());
  }

 protected:
  InterleaveStep(std::vector<View> reads, std::vector<View> writes)
      : Step(std::move(reads), std::move(writes)) {}
};

/// The step that makes the second view, then the interleaving; at once where that step can.
class MakeAndInterleaveStep final : public InterleaveStep {
 public:
  MakeAndInterleaveStep(std::unique_ptr<Step> second, const View& a, const View& b, const View& out)
      : InterleaveStep(views({a, b}, second->reads()), views({out}, second->writes())),
        second_(std::move(second)) {}

  void forward(Work& work) const override {
    if (second_->forward_in_turn(work, in(0), out())) return;
    second_->forward(work);
    InterleaveStep::forward(work);
  }
  bool can_finish() const override { return second_->can_finish(); }

  void backward(Work& work) const override {
    InterleaveStep::backward(work);
    second_->backward(work);
  }

 private:
  static std::vector<View> views(std::vector<View> own, const std::vector<View>& others) {
    own.insert(own.end(), others.begin(), others.end());
    return own;
  }

  std::unique_ptr<Step> second_;
};

}  // namespace

std::unique_ptr<Step> norm_step(const View& in, const View& out, const Affine& affine) {
  return std::make_unique<NormStep>(in, out, affine);
}
std::unique_ptr<Step> sum_step(std::vector<View> in, const View& out) {
  return std::make_unique<SumStep>(std::move(in), out);
}
std::unique_ptr<Step> gate_step(const View& in, const View& gate, const View& out) {
  return std::make_unique<GateStep>(in, gate, out);
}
std::unique_ptr<Step> pool_step(const View& in, const View& out, int kernel_height, int kernel_width) {
  return std::make_unique<PoolStep>(in, out, kernel_height, kernel_width);
}
std::unique_ptr<Step> max_pool_step(const View& in, const View& out, int kernel, int stride, int padding) {
  return std::make_unique<MaxPoolStep>(in, out, kernel, stride, padding);
}
std::unique_ptr<Step> interleave_step(const View& a, const View& b, const View& out) {
  return std::make_unique<InterleaveStep>(a, b, out);
}
std::unique_ptr<Step> interleave_step(std::unique_ptr<Step> second, const View& a, const View& b,
                                      const View& out) {
  return std::make_unique<MakeAndInterleaveStep>(std::move(second), a, b, out);
}

}  // namespace ablate::fusion
