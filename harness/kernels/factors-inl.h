// What products of matrices multiply: floats, or bfloat16 numbers whose products are summed in float32.
// Compiled once an instruction set.
#if defined(ABLATE_KERNELS_FACTORS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_FACTORS_INL_H
#undef ABLATE_KERNELS_FACTORS_INL_H
#else
#define ABLATE_KERNELS_FACTORS_INL_H
#endif

#include <type_traits>

#include "harness/kernels/storage-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {

/// Two bfloat16 numbers that stand next to each other along the sum, the first in the lower half: the CPU
/// multiplies them with two others and adds both products to a float.
struct Pair {
  std::uint32_t bits = 0;
};

/// A factor of a product of bfloat16 numbers: pairs where the CPU multiplies them, elsewhere floats that
/// bfloat16 holds.
#if HWY_TARGET == HWY_AVX3_DL
using HalfFactor = Pair;
#else
using HalfFactor = float;
#endif

/// Numbers of a factor.
template <class F>
inline constexpr int kNumbers = std::is_same_v<F, Pair> ? 2 : 1;

/// As many factors as a vector has.
template <class F>
using Factors = std::conditional_t<std::is_same_v<F, Pair>, hn::Vec<Words>, Vector>;

/// What a float is when bfloat16 has held it.
HWY_INLINE Vector rounded(Vector v) {
  return widened(narrowed(v));
}

HWY_INLINE Vector load_factors(const float* from) {
  return hn::LoadU(Floats(), from);
}
HWY_INLINE void store_factors(Vector factors, float* to) {
  hn::StoreU(factors, Floats(), to);
}
HWY_INLINE Vector all_of(float factor) {
  return hn::Set(Floats(), factor);
}
HWY_INLINE Vector multiply_add(Vector a, Vector b, Vector sum) {
  return hn::MulAdd(a, b, sum);
}

#if HWY_TARGET == HWY_AVX3_DL

HWY_INLINE Factors<Pair> load_factors(const Pair* from) {
  return hn::LoadU(Words(), &from->bits);
}
HWY_INLINE Factors<Pair> all_of(Pair factor) {
  return hn::Set(Words(), factor.bits);
}
HWY_INLINE Vector multiply_add(Factors<Pair> a, Factors<Pair> b, Vector sum) {
  return Vector{
      _mm512_dpbf16_ps(sum.raw, reinterpret_cast<__m512bh>(a.raw), reinterpret_cast<__m512bh>(b.raw))};
}
HWY_INLINE void store_factors(Factors<Pair> factors, Pair* to) {
  hn::StoreU(factors, Words(), &to->bits);
}

/// The numbers of two vectors, rounded: those of the first, then those of the second.
HWY_INLINE Factors<Pair> joined(Vector first, Vector second) {
  return {reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second.raw, first.raw))};
}

/// Which halves of two vectors make pairs: those from `first` on with those from `second` on.
struct PairOrder {
  constexpr PairOrder(int first, int second) {
    for (int i = 0; i < kLanes; ++i) halves[2 * i] = first + i, halves[2 * i + 1] = second + i;
  }
  HWY_INLINE __m512i vector() const { return _mm512_load_si512(halves); }

  alignas(64) std::uint16_t halves[2 * kLanes] = {};
};

/// Pairs of a number of the first vector and one of the second, rounded.
HWY_INLINE Factors<Pair> in_pairs(Vector first, Vector second) {
  static constexpr PairOrder kOrder(0, kLanes);
  return {_mm512_permutexvar_epi16(kOrder.vector(), joined(first, second).raw)};
}

/// Of two rows, which stand as pairs along the row: pairs across the rows, of the numbers in their first
/// half, and in their second.
HWY_INLINE Factors<Pair> first_across(Factors<Pair> a, Factors<Pair> b) {
  static constexpr PairOrder kOrder(0, 2 * kLanes);
  return {_mm512_permutex2var_epi16(a.raw, kOrder.vector(), b.raw)};
}
HWY_INLINE Factors<Pair> second_across(Factors<Pair> a, Factors<Pair> b) {
  static constexpr PairOrder kOrder(kLanes, 3 * kLanes);
  return {_mm512_permutex2var_epi16(a.raw, kOrder.vector(), b.raw)};
}

#endif

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
