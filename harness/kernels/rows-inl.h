// Pixels as vectors of channels: what every kernel that goes through maps row by row shares. Compiled once an
// instruction set.
#if defined(ABLATE_KERNELS_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_ROWS_INL_H_
#undef ABLATE_KERNELS_ROWS_INL_H_
#else
#define ABLATE_KERNELS_ROWS_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <utility>

#include "harness/kernels/maps.h"
#include "harness/kernels/statistics.h"
#include "harness/kernels/storage-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

constexpr Floats kFloats;

inline int padded(int channels) {
  return (channels + kLanes - 1) / kLanes * kLanes;
}

/// The first `count` values at p, zero in the other lanes; reads no others.
template <class T>
HWY_INLINE Vector load_first(const T* p, int count) {
  return Lanes(count).load(p);
}

/// Stores the first `count` lanes; touches no others.
template <class T>
HWY_INLINE void store_first(Vector v, T* p, int count) {
  Lanes(count).store(v, p);
}

/// Which lanes of a vector a map of that stride has: the first `count` (others: joint_images-inl.h).
HWY_INLINE int in_map(int count, std::int64_t /*stride*/) {
  return count;
}

/// The same channels of R pixels.
template <int R, class T>
HWY_INLINE void load_pixels(const T* p, std::int64_t stride, int count, Vector (&v)[R]) {
  if (count >= kLanes) {
    HWY_UNROLL(8)
    for (int r = 0; r < R; ++r) v[r] = load(p + r * stride);
  } else {
    const Lanes lanes(count);
    HWY_UNROLL(8)
    for (int r = 0; r < R; ++r) v[r] = lanes.load(p + r * stride);
  }
}

template <int R, class Count>
HWY_INLINE void load_pixels(ConstValues p, std::int64_t stride, Count count, Vector (&v)[R]) {
  with_type(p.type(), [&]<class T>() HWY_ATTR { load_pixels(p.as<T>(), stride, count, v); });
}

template <int R, class T>
HWY_INLINE void store_pixels(const Vector (&v)[R], T* p, std::int64_t stride, int count) {
  if (count >= kLanes) {
    HWY_UNROLL(8)
    for (int r = 0; r < R; ++r) store(v[r], p + r * stride);
  } else {
    const Lanes lanes(count);
    HWY_UNROLL(8)
    for (int r = 0; r < R; ++r) lanes.store(v[r], p + r * stride);
  }
}

template <int R>
HWY_INLINE void store_pixels(const Vector (&v)[R], Values p, std::int64_t stride, int count) {
  with_type(p.type(), [&]<class T>() HWY_ATTR { store_pixels(v, p.as<T>(), stride, count); });
}

/// Adds to kLanes aligned floats.
HWY_INLINE void add_to(float* total, Vector v) {
  hn::Store(hn::Add(hn::Load(kFloats, total), v), kFloats, total);
}

/// max and min with a bound; NaN stays NaN (of two operands, x86 answers the second if one is NaN).
HWY_INLINE Vector at_least(Vector low, Vector v) {
#if HWY_TARGET == HWY_SCALAR
  return hn::IfThenElse(hn::Lt(v, low), low, v);
#else
  return hn::Max(low, v);
#endif
}

HWY_INLINE Vector at_most(Vector high, Vector v) {
#if HWY_TARGET == HWY_SCALAR
  return hn::IfThenElse(hn::Gt(v, high), high, v);
#else
  return hn::Min(high, v);
#endif
}

HWY_INLINE Vector all(float value) {
  return hn::Set(kFloats, value);
}

/// Calls body(I) for I = 0 .. N - 1, each a constant: what is indexed by them stays in registers.
template <int N, class Body>
HWY_INLINE void unrolled(const Body& body) {
  [&]<int... I>(std::integer_sequence<int, I...>) HWY_ATTR __attribute__((always_inline)) {
    (body(std::integral_constant<int, I>()), ...);
  }
  (std::make_integer_sequence<int, N>());
}

/// A number of pixels, known as a kernel is compiled.
template <int R>
struct Pixels {};

/// Adds the values of R pixels, relative to the band's own.
template <int R>
HWY_INLINE void add_values(const BandMoments& band, int c, const Vector (&value)[R]) {
  const Vector at = hn::Load(kFloats, band.at + c);
  Vector sum = all(0), square = all(0);
  for (int r = 0; r < R; ++r) {
    const Vector off = hn::Sub(value[r], at);
    sum = hn::Add(sum, off);
    square = hn::MulAdd(off, off, square);
  }
  add_to(band.sum + c, sum);
  add_to(band.square + c, square);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
