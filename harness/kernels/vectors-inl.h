// Compiled once an instruction set (see hwy/foreach_target.h).
#if defined(ABLATE_KERNELS_VECTORS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_VECTORS_INL_H
#undef ABLATE_KERNELS_VECTORS_INL_H
#else
#define ABLATE_KERNELS_VECTORS_INL_H
#endif

#include <type_traits>

#include "harness/kernels/maps.h"
#include "harness/kernels/storage-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {

constexpr int round_up(int value, int step) {
  return (value + step - 1) / step * step;
}

/// Calls use(a constant) with an activation that convolutions read through; others are not theirs.
template <class Use>
HWY_INLINE void with_known_act(Act act, const Use& use) {
  switch (act) {
    case Act::Relu:
      return use(std::integral_constant<Act, Act::Relu>());
    case Act::Relu6:
      return use(std::integral_constant<Act, Act::Relu6>());
    default:
      return use(std::integral_constant<Act, Act::None>());
  }
}

/// act(z), for one of these.
template <Act kAct>
HWY_INLINE Vector activated(Vector z) {
  if constexpr (kAct != Act::None) z = hn::Max(z, hn::Zero(Floats()));
  if constexpr (kAct == Act::Relu6) z = hn::Min(z, hn::Set(Floats(), 6.0f));
  return z;
}

/// g where the activation's slope at z is one, zero elsewhere.
template <Act kAct>
HWY_INLINE Vector masked(Vector g, Vector z) {
  if constexpr (kAct == Act::None) return g;
  const Vector above = hn::IfThenElseZero(hn::Gt(z, hn::Zero(Floats())), g);
  if constexpr (kAct == Act::Relu) return above;
  return hn::IfThenElseZero(hn::Lt(z, hn::Set(Floats(), 6.0f)), above);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
