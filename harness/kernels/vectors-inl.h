// Compiled once an instruction set (see hwy/foreach_target.h).
#if defined(ABLATE_KERNELS_VECTORS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_VECTORS_INL_H
#undef ABLATE_KERNELS_VECTORS_INL_H
#else
#define ABLATE_KERNELS_VECTORS_INL_H
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "harness/kernels/maps.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;
inline constexpr int kLanes = HWY_LANES(float);

constexpr int round_up(int value, int step) {
  return (value + step - 1) / step * step;
}

/// Loads and stores the first `count` lanes of a vector; the others are zero, and their memory untouched.
class Lanes {
 public:
  explicit HWY_INLINE Lanes(int count)
      : count_(std::min(count, kLanes)), mask_(hn::FirstN(Floats(), static_cast<std::size_t>(count_))) {}

  HWY_INLINE Vector load(const float* from) const {
    if (count_ == kLanes) return hn::LoadU(Floats(), from);
#if HWY_CAP_GE256
    return hn::MaskedLoad(mask_, Floats(), from);
#else
    HWY_ALIGN float lanes[kLanes] = {};
    std::copy_n(from, count_, lanes);
    return hn::Load(Floats(), lanes);
#endif
  }
  HWY_INLINE void store(Vector value, float* to) const {
    if (count_ == kLanes) return hn::StoreU(value, Floats(), to);
#if HWY_CAP_GE256
    hn::BlendedStore(value, mask_, Floats(), to);
#else
    HWY_ALIGN float lanes[kLanes];
    hn::Store(value, Floats(), lanes);
    std::copy_n(lanes, count_, to);
#endif
  }

 private:
  int count_;
  hn::Mask<Floats> mask_;
};

/// act(z), for the activations that convolutions read through.
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
