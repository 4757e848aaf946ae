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
      for (int p = 0; p < P; ++p) v[p] = hn::MulAdd(c1, v[p], hn::MulAdd(c2, raw[p], c3));
    }
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
/// first output are in each of the rows of x.
template <int KW, int S, int R>
HWY_INLINE void add_products(const float* const* rows, std::int64_t at, const float* d, int width,
                             float* total, const NextGradient* next) {
  Vector sum[R][KW];
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < KW; ++j) sum[r][j] = hn::Load(kFloats, total + (r * KW + j) * kLanes);
  for_blocks<4>(width, [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    if (next) next->ask<P>(w);
    Vector gradient[P];
    for (int p = 0; p < P; ++p) gradient[p] = hn::Load(kFloats, d + (w + p) * kLanes);
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
    for (int j = 0; j < KW; ++j) hn::Store(sum[r][j], kFloats, total + (r * KW + j) * kLanes);
}

/// The kernel's gradient from one row of d: total [kernel height, KW, kLanes].
template <int KW, int S>
HWY_INLINE void kernel_gradient(const Taps& taps, std::int64_t at, const float* d, int width, float* total,
                                const NextGradient& next) {
  for (int k = 0; k < taps.count;) {
    const float* const* rows = taps.row + k;
    float* part = total + taps.weight[k];
    const int left = taps.count - k;
    const NextGradient* asked = k == 0 ? &next : nullptr;
    if (left >= 3)
      add_products<KW, S, 3>(rows, at, d, width, part, asked), k += 3;
    else if (left == 2)
      add_products<KW, S, 2>(rows, at, d, width, part, asked), k += 2;
    else
      add_products<KW, S, 1>(rows, at, d, width, part, asked), k += 1;
  }
}

/// The gradient of P pixels of a row, the first a multiple of S; at: where the output there is in a row of d.
template <int KW, int S, int P>
HWY_INLINE void convolve_back(const Taps& taps, std::int64_t at, const float* weights, Vector (&sum)[P]) {
  constexpr int kHalo = KW / 2, kFirst = -(kHalo / S), kLast = (P - 1 + kHalo) / S;
  for (int p = 0; p < P; ++p) sum[p] = all(0);
  for (int k = 0; k < taps.count; ++k) {
    const float* d = taps.row[k] + at;
    Vector w[KW];
    for (int j = 0; j < KW; ++j) w[j] = hn::Load(kFloats, weights + taps.weight[k] + j * kLanes);
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

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
