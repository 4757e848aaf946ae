// Pixels as vectors of channels: what every kernel that goes through maps row by row shares. Compiled once an
// instruction set.
#if defined(ABLATE_KERNELS_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_ROWS_INL_H_
#undef ABLATE_KERNELS_ROWS_INL_H_
#else
#define ABLATE_KERNELS_ROWS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "harness/kernels/maps.h"
#include "harness/kernels/statistics.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;
constexpr Floats kFloats;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(Floats()));

inline int padded(int channels) {
  return (channels + kLanes - 1) / kLanes * kLanes;
}

/// The first `count` floats at p, zero in the other lanes; reads no others.
HWY_INLINE Vector load_first(const float* p, int count) {
  if (count >= kLanes) return hn::LoadU(kFloats, p);
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float lanes[kLanes] = {};
  std::copy_n(p, count, lanes);
  return hn::Load(kFloats, lanes);
#else
  return hn::MaskedLoad(hn::FirstN(kFloats, count), kFloats, p);
#endif
}

/// Stores the first `count` lanes; touches no others.
HWY_INLINE void store_first(Vector v, float* p, int count) {
  if (count >= kLanes) return hn::StoreU(v, kFloats, p);
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float lanes[kLanes];
  hn::Store(v, kFloats, lanes);
  std::copy_n(lanes, count, p);
#else
  hn::BlendedStore(v, hn::FirstN(kFloats, count), kFloats, p);
#endif
}

/// The same channels of R pixels.
template <int R>
HWY_INLINE void load_pixels(const float* p, std::int64_t stride, int count, Vector (&v)[R]) {
  if (count >= kLanes) {
    HWY_UNROLL(8)
    for (int r = 0; r < R; ++r) v[r] = hn::LoadU(kFloats, p + r * stride);
  } else {
    for (int r = 0; r < R; ++r) v[r] = load_first(p + r * stride, count);
  }
}

template <int R>
HWY_INLINE void store_pixels(const Vector (&v)[R], float* p, std::int64_t stride, int count) {
  if (count >= kLanes) {
    HWY_UNROLL(8)
    for (int r = 0; r < R; ++r) hn::StoreU(v[r], kFloats, p + r * stride);
  } else {
    for (int r = 0; r < R; ++r) store_first(v[r], p + r * stride, count);
  }
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

/// Calls body(Pixels<R>, row, c, count) for all tiles of R rows and of up to kLanes channels from c on.
template <int R>
struct Pixels {};

template <class Body>
HWY_INLINE void for_tiles(std::int64_t begin, std::int64_t end, int channels, const Body& body) {
  std::int64_t row = begin;
  for (; row + 8 <= end; row += 8)
    for (int c = 0; c < channels; c += kLanes) body(Pixels<8>(), row, c, std::min(kLanes, channels - c));
  for (; row + 2 <= end; row += 2)
    for (int c = 0; c < channels; c += kLanes) body(Pixels<2>(), row, c, std::min(kLanes, channels - c));
  for (; row < end; ++row)
    for (int c = 0; c < channels; c += kLanes) body(Pixels<1>(), row, c, std::min(kLanes, channels - c));
}

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
