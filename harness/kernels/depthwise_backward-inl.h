// The arithmetic of the backward depthwise kernels: reading d, the gradient of the kernel and of the input.
// Compiled once an instruction set.
#if defined(ABLATE_KERNELS_DEPTHWISE_BACKWARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_DEPTHWISE_BACKWARD_INL_H_
#undef ABLATE_KERNELS_DEPTHWISE_BACKWARD_INL_H_
#else
#define ABLATE_KERNELS_DEPTHWISE_BACKWARD_INL_H_
#endif

#include "harness/kernels/depthwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// One row of one vector of channels of d, into a ring.
template <class T, class Count>
HWY_INLINE void read_gradient(const GradientIn& d, const T* dz, const T* y, int width, int c, Count count,
                              float* out) {
  for_blocks<4>(width, [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    Vector v[P], raw[P];
    load_pixels(dz + w * d.stride, d.stride, in_map(count, d.stride), v);
    if (d.c1) {
      load_pixels(y + w * d.y_stride, d.y_stride, in_map(count, d.y_stride), raw);
      const Vector c1 = hn::Load(kFloats, d.c1 + c), c2 = hn::Load(kFloats, d.c2 + c);
      const Vector c3 = hn::Load(kFloats, d.c3 + c);
      HWY_UNROLL(4)
      for (int p = 0; p < P; ++p) v[p] = hn::MulAdd(c1, v[p], hn::MulAdd(c2, raw[p], c3));
    }
    HWY_UNROLL(4)
    for (int p = 0; p < P; ++p) hn::Store(v[p], kFloats, out + (w + p) * kLanes);
  });
}

/// Calls add(offset, gradient, weight) for all that P outputs and those beside them give a row of pixels;
/// offset, a constant: from the pixel in the middle of the first output's taps. at: where that output is in a
/// row of d.
template <int KW, int S, int P, class Rows, class Add>
HWY_INLINE void for_back(const Rows& taps, std::int64_t at, const float* weights, const Add& add) {
  constexpr int kHalo = KW / 2;
  for (int k = 0; k < taps.count; ++k) {
    const float *d = taps.row[k] + at, *from = weights + taps.weight[k];
    Vector w[KW];
    unrolled<KW>([&](auto j) HWY_ATTR
                 __attribute__((always_inline)) { w[j] = hn::Load(kFloats, from + j * kLanes); });
    unrolled<P + 2 * kHalo>([&](auto i) HWY_ATTR __attribute__((always_inline)) {
      constexpr int kPixel = i - kHalo;
      const Vector gradient = hn::Load(kFloats, d + kPixel * kLanes);
      unrolled<KW>([&](auto j) HWY_ATTR __attribute__((always_inline)) {
        add(std::integral_constant<int, kPixel * S + j - kHalo>(), gradient, w[j]);
      });
    });
  }
}

/// Adds to P pixels of a row, every S-th from one that is First more than a multiple of S; at: where the
/// output there is in a row of d.
template <int KW, int S, int First, int P, class Rows>
HWY_INLINE void add_back(const Rows& taps, std::int64_t at, const float* weights, Vector (&sum)[P]) {
  for_back<KW, S, P>(
      taps, at,
      weights, [&](auto offset, Vector gradient, Vector weight) HWY_ATTR __attribute__((always_inline)) {
        constexpr int kFrom = offset - First, kTo = kFrom / S;
        if constexpr (kFrom >= 0 && kFrom % S == 0 && kTo < P)
          sum[kTo] = hn::MulAdd(gradient, weight, sum[kTo]);
      });
}

/// Adds to the gradients of P pixels of x, the first a multiple of S, and, with their values as read, to that
/// of the kernel, dw [kernel height, KW, kLanes]: both take the same values of d, which are loaded once. at:
/// where the output of the first pixel is in a row of d.
template <int KW, int S, int P>
HWY_INLINE void add_both(const Taps& taps, std::int64_t at, const float* weights, const Vector (&value)[P],
                         Vector (&part)[P], float* dw) {
  constexpr int kHalo = KW / 2, kFirst = -(kHalo / S), kLast = (P - 1 + kHalo) / S;
  for (int k = 0; k < taps.count; ++k) {
    const float *d = taps.row[k] + at, *from = weights + taps.weight[k];
    Vector w[KW], product[KW];
    unrolled<KW>([&](auto j) HWY_ATTR __attribute__((always_inline)) {
      w[j] = hn::Load(kFloats, from + j * kLanes);
      product[j] = all(0);
    });
    unrolled<kLast - kFirst + 1>([&](auto i) HWY_ATTR __attribute__((always_inline)) {
      constexpr int kOutput = kFirst + i;
      const Vector gradient = hn::Load(kFloats, d + kOutput * kLanes);
      unrolled<KW>([&](auto j) HWY_ATTR __attribute__((always_inline)) {
        constexpr int kPixel = kOutput * S + j - kHalo;
        if constexpr (kPixel >= 0 && kPixel < P) {
          part[kPixel] = hn::MulAdd(gradient, w[j], part[kPixel]);
          product[j] = hn::MulAdd(gradient, value[kPixel], product[j]);
        }
      });
    });
    unrolled<KW>([&](auto j) HWY_ATTR
                 __attribute__((always_inline)) { add_to(dw + taps.weight[k] + j * kLanes, product[j]); });
  }
}

/// Leaves what the activation lets through; value: what its reader sees.
template <int P>
HWY_INLINE void mask_outside(const Reading& reading, const Vector (&value)[P], Vector (&part)[P]) {
  const Vector low = all(reading.bounds.low), high = all(reading.bounds.high);
  HWY_UNROLL(8)
  for (int p = 0; p < P; ++p)
    part[p] = hn::IfThenZeroElse(hn::Or(hn::Le(value[p], low), hn::Ge(value[p], high)), part[p]);
}

/// Whether what an input of shape s gets goes past the caches.
inline bool streams(const GradientOut& dx, const Depthwise& s) {
  return dx.data && !dx.in_place() &&
         streams(dx.data, dx.stride, std::int64_t(s.images) * s.height * s.width, s.channels);
}

/// What is read of a gradient that is added to or, unless it goes past the caches, written; data null:
/// nothing.
struct GradientRead {
  GradientRead(const GradientOut& dx, bool past_caches)
      : data(dx.base ? dx.base : (past_caches ? ConstValues() : ConstValues(dx.data))),
        stride(dx.base ? dx.base_stride : dx.stride) {}
  ConstValues data;
  std::int64_t stride;
};

/// Where one row of dx of a group goes; the pointers are at its first channel and pixel.
struct GradientRow {
  /// dx.centre and sums [C] are in whole vectors; first: the group's first channel in them, which is
  /// `channel` of the maps.
  GradientRow(const Reading& reading, const GradientOut& dx, const BandGradients& sums, std::int64_t pixel,
              int first, int channel, bool past_caches)
      : raw(reading.x.data + pixel * reading.x.stride + channel),
        raw_stride(reading.x.stride),
        base(dx.base ? dx.base + pixel * dx.base_stride + channel : ConstValues()),
        base_stride(dx.base_stride),
        out(dx.data ? dx.data + pixel * dx.stride + channel : Values()),
        stride(dx.stride),
        sum(dx.sum ? sums.sum + first : nullptr),
        dot(dx.sum ? sums.dot + first : nullptr),
        centre(dx.sum ? dx.centre + first : nullptr),
        stream(past_caches) {}

  /// Sums P pixels from w on, channels c .. c + count of the group, and stores them.
  template <int P>
  HWY_INLINE void store(int w, int c, int count, Vector (&part)[P]) const {
    if (sum) {
      Vector value[P];
      load_block(raw + w * raw_stride + c, raw_stride, count, value);
      add(c, value, part);
    }
    put<1>(w, c, count, part);
  }

  /// Sums P pixels of one vector, whose raw values these are.
  template <int P>
  HWY_INLINE void add(int c, const Vector (&value)[P], const Vector (&part)[P]) const {
    const Vector middle = hn::Load(kFloats, centre + c);
    Vector total = all(0), against = all(0);
    HWY_UNROLL(8)
    for (int p = 0; p < P; ++p) {
      total = hn::Add(total, part[p]);
      against = hn::MulAdd(part[p], hn::Sub(value[p], middle), against);
    }
    add_to(sum + c, total);
    add_to(dot + c, against);
  }

  /// Stores P pixels from w on, S apart.
  template <int S, int P, class Count>
  HWY_INLINE void put(int w, int c, Count count, Vector (&part)[P]) const {
    if (!out) return;
    if (base) {
      Vector before[P];
      load_block(base + w * base_stride + c, S * base_stride, in_map(count, base_stride), before);
      HWY_UNROLL(8)
      for (int p = 0; p < P; ++p) part[p] = hn::Add(before[p], part[p]);
    }
    const Values to = out + w * stride + c;
    with_type(
        to.type(), [&]<class T>() HWY_ATTR __attribute__((always_inline)) {
          store_block(part, to.as<T>(), S * stride, in_map(count, stride), stream);
        });
  }

  ConstValues raw;  // x as it lies in memory
  std::int64_t raw_stride;
  ConstValues base;  // or null
  std::int64_t base_stride;
  Values out;  // or null
  std::int64_t stride;
  float *sum, *dot;  // of the band, or null
  const float* centre;
  bool stream;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
