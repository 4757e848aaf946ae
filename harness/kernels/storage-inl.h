// Vectors of floats, and how they are loaded from and stored as either type of values (values.h). Compiled
// once an instruction set.
#if defined(ABLATE_KERNELS_STORAGE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_STORAGE_INL_H
#undef ABLATE_KERNELS_STORAGE_INL_H
#else
#define ABLATE_KERNELS_STORAGE_INL_H
#endif

#include <hwy/cache_control.h>

#include <algorithm>
#include <cstdint>

#include "harness/kernels/target-inl.h"
#include "harness/kernels/values.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;
using Words = hn::RebindToUnsigned<Floats>;        // the bits of as many floats
using Halves = hn::Rebind<std::uint16_t, Floats>;  // those of as many bfloat16 values
using HalfVector = hn::Vec<Halves>;
inline constexpr int kLanes = HWY_LANES(float);

HWY_INLINE Vector widened(HalfVector v) {
  return hn::BitCast(Floats(), hn::ShiftLeft<16>(hn::PromoteTo(Words(), v)));
}

/// Rounded to nearest even; NaN stays NaN. The CPU's own instruction takes denormal numbers for zero.
HWY_INLINE HalfVector narrowed(Vector v) {
#if HWY_TARGET == HWY_AVX3_DL
  return HalfVector{reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v.raw))};
#else
  const auto bits = hn::BitCast(Words(), v);
  const auto upper = hn::ShiftRight<16>(bits);
  const auto up = hn::Add(hn::And(upper, hn::Set(Words(), 1)), hn::Set(Words(), 0x7fff));
  const auto quiet = hn::Or(upper, hn::Set(Words(), 0x40));
  const auto rounded =
      hn::IfThenElse(hn::RebindMask(Words(), hn::Eq(v, v)), hn::ShiftRight<16>(hn::Add(bits, up)), quiet);
  return hn::DemoteTo(Halves(), hn::BitCast(hn::RebindToSigned<Words>(), rounded));
#endif
}

HWY_INLINE Vector load(const float* from) {
  return hn::LoadU(Floats(), from);
}
HWY_INLINE Vector load(const BFloat16* from) {
  return widened(hn::LoadU(Halves(), &from->bits));
}

HWY_INLINE void store(Vector value, float* to) {
  hn::StoreU(value, Floats(), to);
}
HWY_INLINE void store(Vector value, BFloat16* to) {
  hn::StoreU(narrowed(value), Halves(), &to->bits);
}

/// Past the caches; `to` is at a multiple of the vector's size as it is stored.
HWY_INLINE void stream(Vector value, float* to) {
  hn::Stream(value, Floats(), to);
}
HWY_INLINE void stream(Vector value, BFloat16* to) {
  hn::Stream(narrowed(value), Halves(), &to->bits);
}

/// Calls use.operator()<float or BFloat16>().
template <class Use>
HWY_INLINE void with_type(Type type, const Use& use) {
  if (type == Type::Float32)
    use.template operator()<float>();
  else
    use.template operator()<BFloat16>();
}

/// Loads and stores the first `count` lanes of a vector; the others are zero, and their memory untouched.
class Lanes {
 public:
  explicit HWY_INLINE Lanes(int count)
      : count_(std::min(count, kLanes)),
        mask_(hn::FirstN(Floats(), static_cast<std::size_t>(count_))),
        half_mask_(hn::FirstN(Halves(), static_cast<std::size_t>(count_))) {}

  HWY_INLINE int count() const { return count_; }
  HWY_INLINE bool all() const { return count_ == kLanes; }

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
  HWY_INLINE Vector load(const BFloat16* from) const {
    if (count_ == kLanes) return HWY_NAMESPACE::load(from);
#if HWY_CAP_GE512
    return widened(hn::MaskedLoad(half_mask_, Halves(), &from->bits));
#else
    HWY_ALIGN BFloat16 lanes[kLanes] = {};
    std::copy_n(from, count_, lanes);
    return HWY_NAMESPACE::load(lanes);
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
  HWY_INLINE void store(Vector value, BFloat16* to) const {
    if (count_ == kLanes) return HWY_NAMESPACE::store(value, to);
#if HWY_CAP_GE512
    hn::BlendedStore(narrowed(value), half_mask_, Halves(), &to->bits);
#else
    HWY_ALIGN BFloat16 lanes[kLanes];
    HWY_NAMESPACE::store(value, lanes);
    std::copy_n(lanes, count_, to);
#endif
  }

 private:
  int count_;
  hn::Mask<Floats> mask_;
  hn::Mask<Halves> half_mask_;
};

/// A whole vector, where Lanes are the first few of one.
struct AllLanes {
  template <class T>
  HWY_INLINE Vector load(const T* from) const {
    return HWY_NAMESPACE::load(from);
  }
  template <class T>
  HWY_INLINE void store(Vector value, T* to) const {
    HWY_NAMESPACE::store(value, to);
  }
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
