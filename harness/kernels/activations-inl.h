// Reading through a Source and passing a gradient back through it, for the elementwise kernels. Compiled once
// an instruction set.
#if defined(ABLATE_KERNELS_ACTIVATIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_ACTIVATIONS_INL_H_
#undef ABLATE_KERNELS_ACTIVATIONS_INL_H_
#else
#define ABLATE_KERNELS_ACTIVATIONS_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>

#include "harness/kernels/rows-inl.h"
#include "harness/kernels/statistics.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// exp(-|z|): the sigmoid and its slope come from it without overflow. Highway's exp(NaN) is 0.
HWY_INLINE Vector decay(Vector z) {
  return hn::IfThenElse(hn::Eq(z, z), hn::Exp(kFloats, hn::Neg(hn::Abs(z))), z);
}

HWY_INLINE Vector sigmoid(Vector z) {
  const Vector e = decay(z);
  return hn::Div(hn::IfThenElse(hn::Lt(z, all(0)), e, all(1)), hn::Add(e, all(1)));
}

HWY_INLINE Vector sigmoid_slope(Vector z) {
  const Vector e = decay(z), rest = hn::Add(e, all(1));
  return hn::Div(e, hn::Mul(rest, rest));
}

template <int R>
HWY_INLINE void activate(Act act, Vector (&z)[R]) {
  switch (act) {
    case Act::None:
      return;
    case Act::Relu:
      for (int r = 0; r < R; ++r) z[r] = at_least(all(0), z[r]);
      return;
    case Act::Relu6:
      for (int r = 0; r < R; ++r) z[r] = at_most(all(6), at_least(all(0), z[r]));
      return;
    case Act::Sigmoid:
      for (int r = 0; r < R; ++r) z[r] = sigmoid(z[r]);
      return;
    case Act::HardSigmoid:
      for (int r = 0; r < R; ++r)
        z[r] = hn::Mul(at_most(all(6), at_least(all(0), hn::Add(z[r], all(3)))), all(1.0f / 6));
      return;
  }
}

/// g * act'(z), in place.
template <int R>
HWY_INLINE void pass_back(Act act, const Vector (&z)[R], Vector (&g)[R]) {
  const auto outside = [](Vector v, float low, float high)
                           HWY_ATTR { return hn::Or(hn::Le(v, all(low)), hn::Ge(v, all(high))); };
  switch (act) {
    case Act::None:
      return;
    case Act::Relu:
      for (int r = 0; r < R; ++r) g[r] = hn::IfThenZeroElse(hn::Le(z[r], all(0)), g[r]);
      return;
    case Act::Relu6:
      for (int r = 0; r < R; ++r) g[r] = hn::IfThenZeroElse(outside(z[r], 0, 6), g[r]);
      return;
    case Act::Sigmoid:
      for (int r = 0; r < R; ++r) g[r] = hn::Mul(g[r], sigmoid_slope(z[r]));
      return;
    case Act::HardSigmoid:
      for (int r = 0; r < R; ++r)
        g[r] = hn::IfThenZeroElse(outside(z[r], -3, 3), hn::Mul(g[r], all(1.0f / 6)));
      return;
  }
}

/// z of raw values, in place. c and count: which channels they are.
template <int R>
HWY_INLINE void normalise(const Source& x, int c, int count, Vector (&v)[R]) {
  if (!x.scale) return;
  const Vector scale = load_first(x.scale + c, count), shift = load_first(x.shift + c, count);
  for (int r = 0; r < R; ++r) v[r] = hn::MulAdd(scale, v[r], shift);
}

/// What a reader of x sees: act(z).
template <int R>
HWY_INLINE void read(const Source& x, std::int64_t row, int c, int count, Vector (&v)[R]) {
  load_pixels(x.data + row * x.stride + c, x.stride, count, v);
  normalise(x, c, count, v);
  activate(x.act, v);
}

/// Stores the part of a GradientOut that R pixels make and adds it to the sums of the band.
class GradientStore {
 public:
  GradientStore(const GradientOut& out, const Source& x, int channels, Scratch& scratch)
      : out_(out), x_(x), channels_(channels) {
    if (out.sum) band_ = {scratch.zeros<float>(padded(channels)), scratch.zeros<float>(padded(channels))};
  }

  /// g: the gradients of what the reader saw.
  template <int R>
  HWY_INLINE void put(std::int64_t row, int c, int count, Vector (&g)[R]) const {
    if (x_.act != Act::None || out_.sum) {
      Vector raw[R], z[R];
      load_pixels(x_.data + row * x_.stride + c, x_.stride, count, raw);
      for (int r = 0; r < R; ++r) z[r] = raw[r];
      normalise(x_, c, count, z);
      pass_back(x_.act, z, g);
      if (out_.sum) add(c, count, raw, g);
    }
    if (!out_.data) return;
    if (out_.base) {
      Vector base[R];
      load_pixels(out_.base + row * out_.base_stride + c, out_.base_stride, count, base);
      for (int r = 0; r < R; ++r) g[r] = hn::Add(base[r], g[r]);
    }
    store_pixels(g, out_.data + row * out_.stride + c, out_.stride, count);
  }

  /// Ends a band: its sums go to total [2, C], if there are any.
  void flush(double* total) const {
    if (out_.sum) add_band(total, channels_, band_, channels_);
  }

 private:
  template <int R>
  HWY_INLINE void add(int c, int count, const Vector (&raw)[R], const Vector (&part)[R]) const {
    const Vector centre = load_first(out_.centre + c, count);
    Vector sum = part[0], dot = hn::Mul(part[0], hn::Sub(raw[0], centre));
    for (int r = 1; r < R; ++r) {
      sum = hn::Add(sum, part[r]);
      dot = hn::MulAdd(part[r], hn::Sub(raw[r], centre), dot);
    }
    add_to(band_.sum + c, sum);
    add_to(band_.dot + c, dot);
  }

  const GradientOut out_;
  const Source x_;
  const int channels_;
  BandGradients band_{};
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
