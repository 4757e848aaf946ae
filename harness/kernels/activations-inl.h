// Activations and their gradients, for the elementwise kernels. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_ACTIVATIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_ACTIVATIONS_INL_H_
#undef ABLATE_KERNELS_ACTIVATIONS_INL_H_
#else
#define ABLATE_KERNELS_ACTIVATIONS_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>

#include "harness/kernels/rows-inl.h"

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

/// The sigmoid and its slope.
HWY_INLINE void sigmoid_both(Vector z, Vector& value, Vector& slope) {
  const Vector e = decay(z), share = hn::Div(all(1), hn::Add(e, all(1)));
  const Vector rest = hn::Mul(e, share);
  value = hn::IfThenElse(hn::Lt(z, all(0)), rest, share);
  slope = hn::Mul(rest, share);
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

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
