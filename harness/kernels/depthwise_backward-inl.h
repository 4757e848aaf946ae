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
template <class T>
HWY_INLINE void read_gradient(const GradientIn& d, const T* dz, const T* y, int width, int c, int count,
                              float* out) {
  for_blocks<4>(width, [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    Vector v[P], raw[P];
    load_pixels(dz + w * d.stride, d.stride, count, v);
    if (d.c1) {
      load_pixels(y + w * d.y_stride, d.y_stride, count, raw);
      const Vector c1 = hn::Load(kFloats, d.c1 + c), c2 = hn::Load(kFloats, d.c2 + c);
      const Vector c3 = hn::Load(kFloats, d.c3 + c);
      HWY_UNROLL(4)
      for (int p = 0; p < P; ++p) v[p] = hn::MulAdd(c1, v[p], hn::MulAdd(c2, raw[p], c3));
    }
    HWY_UNROLL(4)
    for (int p = 0; p < P; ++p) hn::Store(v[p], kFloats, out + (w + p) * kLanes);
  });
}

/// The row of d that comes next, to be asked for: null, or first pixels of a group.
struct NextGradient {
  ConstValues dz, y;
  std::int64_t stride, y_stride;
  int vector;  // of the group

  template <int P>
  HWY_INLINE void ask(int w) const {
    ask_for<P>(dz, w, stride, vector);
    ask_for<P>(y, w, y_stride, vector);
  }
};

/// Adds x * d over a row to R rows of the kernel's gradient, total [R, KW, kLanes]. at: where the taps of the
/// first output are in each of the rows of x. Of d every D-th pixel is taken.
template <int KW, int S, int R, int D>
HWY_INLINE void add_products(const float* const* rows, std::int64_t at, const float* d, int width,
                             float* total, const NextGradient* next) {
  Vector sum[R][KW];
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < KW; ++j) sum[r][j] = all(0);  // the row by itself: less is lost
  for_blocks<4>(width, [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    if (next) next->ask<P>(w);
    Vector gradient[P];
    for (int p = 0; p < P; ++p) gradient[p] = hn::Load(kFloats, d + (w + p) * D * kLanes);
    HWY_UNROLL(4)
    for (int r = 0; r < R; ++r) {
      const float* in = rows[r] + at + w * S * kLanes;
      HWY_UNROLL(16)
      for (int t = 0; t < (P - 1) * S + KW; ++t) {
        const Vector x = hn::Load(kFloats, in + t * kLanes);
        HWY_UNROLL(8)
        for (int j = 0; j < KW; ++j)
          if (t >= j && (t - j) % S == 0 && (t - j) / S < P)
            sum[r][j] = hn::MulAdd(x, gradient[(t - j) / S], sum[r][j]);
      }
    }
  });
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < KW; ++j) add_to(total + (r * KW + j) * kLanes, sum[r][j]);
}

/// The kernel's gradient from one row of d: total [kernel height, KW, kLanes].
template <int KW, int S, int D = 1>
HWY_INLINE void kernel_gradient(const Taps& taps, std::int64_t at, const float* d, int width, float* total,
                                const NextGradient& next) {
  for (int k = 0; k < taps.count;) {
    const float* const* rows = taps.row + k;
    float* part = total + taps.weight[k];
    const int left = taps.count - k;
    const NextGradient* asked = k == 0 ? &next : nullptr;
    if (left >= 3)
      add_products<KW, S, 3, D>(rows, at, d, width, part, asked), k += 3;
    else if (left == 2)
      add_products<KW, S, 2, D>(rows, at, d, width, part, asked), k += 2;
    else
      add_products<KW, S, 1, D>(rows, at, d, width, part, asked), k += 1;
  }
}

/// Adds to P pixels of a row, every S-th from one that is First more than a multiple of S; at: where the
/// output there is in a row of d.
template <int KW, int S, int First, int P, class Rows>
HWY_INLINE void add_back(const Rows& taps, std::int64_t at, const float* weights, Vector (&sum)[P]) {
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
        constexpr int kFrom = kPixel * S + j - kHalo - First, kTo = kFrom / S;
        if constexpr (kFrom >= 0 && kFrom % S == 0 && kTo < P)
          sum[kTo] = hn::MulAdd(gradient, w[j], sum[kTo]);
      });
    });
  }
}

/// The gradient of P pixels of a row, the first a multiple of S; at: where the output there is in a row of d.
template <int KW, int S, int P>
HWY_INLINE void convolve_back(const Taps& taps, std::int64_t at, const float* weights, Vector (&sum)[P]) {
  constexpr int kHalo = KW / 2, kFirst = -(kHalo / S), kLast = (P - 1 + kHalo) / S;
  HWY_UNROLL(8)
  for (int p = 0; p < P; ++p) sum[p] = all(0);
  for (int k = 0; k < taps.count; ++k) {
    const float *d = taps.row[k] + at, *from = weights + taps.weight[k];
    Vector w[KW];
    HWY_UNROLL(8)
    for (int j = 0; j < KW; ++j) w[j] = hn::Load(kFloats, from + j * kLanes);
    HWY_UNROLL(16)
    for (int t = kFirst; t <= kLast; ++t) {
      const Vector gradient = hn::Load(kFloats, d + t * kLanes);
      HWY_UNROLL(8)
      for (int j = 0; j < KW; ++j) {
        const int p = t * S + j - kHalo;
        if (p >= 0 && p < P) sum[p] = hn::MulAdd(gradient, w[j], sum[p]);
      }
    }
  }
}

/// Leaves what the activation lets through; value: what its reader sees.
template <int P>
HWY_INLINE void mask_outside(const Reading& reading, const Vector (&value)[P], Vector (&part)[P]) {
  const Vector low = all(reading.low), high = all(reading.high);
  HWY_UNROLL(8)
  for (int p = 0; p < P; ++p)
    part[p] = hn::IfThenZeroElse(hn::Or(hn::Le(value[p], low), hn::Ge(value[p], high)), part[p]);
}

/// Where one row of dx of a group goes; the pointers are at its first channel and pixel.
struct GradientRow {
  /// dx.centre and sums [C] are in whole vectors; `first`: the group's first channel.
  GradientRow(const Reading& reading, const GradientOut& dx, const BandGradients& sums, std::int64_t pixel,
              int first, bool past_caches)
      : raw(reading.x.data + pixel * reading.x.stride + first),
        raw_stride(reading.x.stride),
        base(dx.base ? dx.base + pixel * dx.base_stride + first : ConstValues()),
        base_stride(dx.base_stride),
        out(dx.data ? dx.data + pixel * dx.stride + first : Values()),
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
      load_pixels(raw + w * raw_stride + c, raw_stride, count, value);
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
  template <int S, int P>
  HWY_INLINE void put(int w, int c, int count, Vector (&part)[P]) const {
    if (!out) return;
    if (base) {
      Vector before[P];
      load_pixels(base + w * base_stride + c, S * base_stride, count, before);
      HWY_UNROLL(8)
      for (int p = 0; p < P; ++p) part[p] = hn::Add(before[p], part[p]);
    }
    store_block(part, out + w * stride + c, S * stride, count, stream);
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
