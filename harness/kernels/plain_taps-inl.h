// Depthwise convolution of a map that is read as it lies. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_PLAIN_TAPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_PLAIN_TAPS_INL_H_
#undef ABLATE_KERNELS_PLAIN_TAPS_INL_H_
#else
#define ABLATE_KERNELS_PLAIN_TAPS_INL_H_
#endif

#include "harness/kernels/depthwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// The rows of a map that the kernel joins with one row of outputs, where nothing is applied as they are
/// read: they need no ring. [columns, stride] each, from the first channel of a group on.
struct PlainTaps {
  Taps taps;
  std::int64_t stride = 0;
  int columns = 0;
};

/// All taps of P outputs of a row, of the vector of channels from c on. first: the column of the first tap.
/// kWhole: all columns are inside and all lanes are channels; otherwise `lanes` are, and what is beyond the
/// border is left out.
template <int KW, int S, bool kWhole, int P>
HWY_INLINE void convolve(const PlainTaps& map, int c, int first, const Lanes& lanes, const float* weights,
                         Vector (&sum)[P]) {
  unrolled<P>([&](auto p) HWY_ATTR __attribute__((always_inline)) { sum[p] = all(0); });
  for (int k = 0; k < map.taps.count; ++k) {
    const float *in = map.taps.row[k] + first * map.stride + c, *from = weights + map.taps.weight[k];
    Vector w[KW];
    unrolled<KW>([&](auto j) HWY_ATTR
                 __attribute__((always_inline)) { w[j] = hn::Load(kFloats, from + j * kLanes); });
    unrolled<(P - 1) * S + KW>([&](auto t) HWY_ATTR __attribute__((always_inline)) {
      Vector x;
      if constexpr (kWhole) {
        x = hn::LoadU(kFloats, in + t * map.stride);
      } else {
        if (first + t < 0 || first + t >= map.columns) return;
        x = lanes.load(in + t * map.stride);
      }
      unrolled<KW>([&](auto j) HWY_ATTR __attribute__((always_inline)) {
        constexpr int kFrom = t - j, kTo = kFrom / S;
        if constexpr (kFrom >= 0 && kFrom % S == 0 && kTo < P) sum[kTo] = hn::MulAdd(x, w[j], sum[kTo]);
      });
    });
  }
}

/// The same, whatever is inside; count: channels of the vector.
template <int KW, int S, int P>
HWY_INLINE void convolve(const PlainTaps& map, int c, int first, int count, const float* weights,
                         Vector (&sum)[P]) {
  if (count == kLanes && first >= 0 && first + (P - 1) * S + KW <= map.columns)
    convolve<KW, S, true>(map, c, first, Lanes(count), weights, sum);
  else
    convolve<KW, S, false>(map, c, first, Lanes(count), weights, sum);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
