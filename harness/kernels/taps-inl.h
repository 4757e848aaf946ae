// What the kernels of a depthwise convolution's taps share: rings of the input less its centre, and the order
// of work. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_TAPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_TAPS_INL_H_
#undef ABLATE_KERNELS_TAPS_INL_H_
#else
#define ABLATE_KERNELS_TAPS_INL_H_
#endif

#include "harness/kernels/centre.h"
#include "harness/kernels/depthwise_backward-inl.h"
#include "harness/kernels/pieces-inl.h"
#include "harness/kernels/taps.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// One row of one vector of a gradient from a pixel on, into a ring.
template <class Count>
HWY_INLINE void fetch_gradient(const GradientIn& dz, std::int64_t pixel, int width, int channel, Count count,
                               float* out) {
  const auto row = dz.dz + pixel * dz.stride + channel;
  with_type(row.type(),
            [&]<class T>() HWY_ATTR { read_gradient<T>(dz, row.as<T>(), nullptr, width, 0, count, out); });
}

/// Rows from .. end of a group's vectors of a joint image of a gradient, `height` rows of `width`, into a
/// ring.
HWY_INLINE void fetch_gradients(const GradientIn& dz, const JointImages& joint, std::int64_t image,
                                int height, int width, const Group& group, int& from, int end,
                                const Ring& ring) {
  const std::int64_t pixels = std::int64_t(height) * width, first = image * joint.images() * pixels;
  for (; from < std::min(height, end); ++from)
    for (int v = 0; v < group.count; ++v) {
      const auto at = joint.place(group.first + v);
      const std::int64_t pixel = first + at.image * pixels + std::int64_t(from) * width;
      float* out = ring.row(from) + v * ring.row_size + ring.halo * kLanes;
      if (at.split())
        fetch_gradient(dz, pixel, width, at.channel, joint.split(at, pixels), out);
      else
        fetch_gradient(dz, pixel, width, at.channel, at.count, out);
    }
}

/// The same of an input, as it is read.
HWY_INLINE void fetch_inputs(const Reading& reading, const JointImages& joint, const Depthwise& s,
                             std::int64_t image, const Group& group, int& from, int end, const Ring& ring) {
  const std::int64_t stride = reading.x.stride, pixels = std::int64_t(s.height) * s.width;
  const auto first = reading.x.data + image * joint.images() * pixels * stride;
  for (; from < std::min(s.height, end); ++from)
    for (int v = 0; v < group.count; ++v) {
      const auto at = joint.place(group.first + v);
      const auto row = first + (at.image * pixels + std::int64_t(from) * s.width) * stride + at.channel;
      const int c = (group.first + v) * kLanes;
      float* out = ring.row(from) + v * ring.row_size + ring.halo * kLanes;
      if (at.split())
        reading.row(row, s.width, c, joint.split(at, pixels), out);
      else
        reading.row(row, s.width, c, at.count, out);
    }
}

/// A ring of an input less its centre, and what is beyond the border: zero less the centre.
struct CentredRing {
  CentredRing(Scratch& scratch, int slots, int vectors, int width, int halo)
      : ring(scratch, slots, vectors, width, halo),
        outside(scratch.take<float>(std::int64_t(vectors) * ring.row_size)) {}

  /// Row h of an image whose first is `first`; it may lie outside.
  const float* row(std::int64_t first, int h, int height) const {
    return h < 0 || h >= height ? outside : ring.row(first + h);
  }

  /// What lies beyond the border of a group's channels; its first is at `centre`.
  void surround(const float* centre, int vectors) {
    if (centre == surrounded) return;
    surrounded = centre;
    const int size = ring.row_size, columns = size / kLanes;
    for (int v = 0; v < vectors; ++v) {
      const Vector value = hn::Neg(hn::Load(kFloats, centre + v * kLanes));
      float* beyond = outside + v * size;
      for (int w = 0; w < columns; ++w) hn::Store(value, kFloats, beyond + w * kLanes);
      float* row = ring.rows + v * size;
      for (int slot = 0; slot < ring.slots; ++slot, row += ring.vectors * size)
        for (int w = 0; w < ring.halo; ++w) {
          hn::Store(value, kFloats, row + w * kLanes);
          hn::Store(value, kFloats, row + (columns - 1 - w) * kLanes);
        }
    }
  }

  Ring ring;
  float* outside;  // a row [vectors, columns, kLanes]
  const float* surrounded = nullptr;
};

/// Rows of two rings whose products are summed: those of x that lie under a kernel's rows, and one of d.
struct ProductRow {
  const float* x[kMostRows];
  const float* d;
};

/// The rows of d in a ring; at: where the first value is in each.
struct RingValues {
  HWY_INLINE const float* row(const ProductRow& row, int /*i*/) const { return row.d + at; }
  HWY_INLINE Vector load(const float* row, int w) const { return hn::Load(kFloats, row + w * kLanes); }
  std::int64_t at;
};

/// Rows of d one after the other as they lie in a map, read in place.
template <class T, class L>
struct MapValues {
  HWY_INLINE const T* row(const ProductRow& /*row*/, int i) const { return first + i * width * stride; }
  HWY_INLINE Vector load(const T* row, int w) const { return lanes.load(row + w * stride); }
  const T* first;
  std::int64_t stride, width;  // values from one pixel to the next; pixels of a row
  L lanes;
};

/// Adds x * d over `count` rows to R rows of a kernel's sums from row k on, total [rows, KW, kLanes]. at:
/// where the taps of the first pixel are in each row of x. Half: the columns before the middle of the first
/// row are left out. Meanwhile ahead.ask<pixels>() is called.
template <int KW, int S, int R, bool Half, class D, class Ahead = NothingAhead>
HWY_NOINLINE void add_products(const ProductRow* rows, int count, int k, std::int64_t at, const D& d,
                               int width, float* total, Ahead&& ahead = {}) {
  Vector sum[R][KW];
  HWY_UNROLL(4)
  for (int r = 0; r < R; ++r) {
    HWY_UNROLL(16)
    for (int j = 0; j < KW; ++j) sum[r][j] = all(0);
  }
  for (int i = 0; i < count; ++i) {
    const auto* values = d.row(rows[i], i);
    const float* const* x = rows[i].x + k;
    for_blocks<4>(width, [&]<int P>(Pixels<P>, int w) HWY_ATTR {
      if constexpr (P == 4) ahead.template ask<P>();
      Vector gradient[P];
      HWY_UNROLL(4)
      for (int p = 0; p < P; ++p) gradient[p] = d.load(values, w + p);
      HWY_UNROLL(4)
      for (int r = 0; r < R; ++r) {
        const float* in = x[r] + at + w * S * kLanes;
        HWY_UNROLL(16)
        for (int t = Half && r == 0 ? KW / 2 : 0; t < (P - 1) * S + KW; ++t) {
          const Vector value = hn::Load(kFloats, in + t * kLanes);
          HWY_UNROLL(16)
          for (int j = Half && r == 0 ? KW / 2 : 0; j < KW; ++j)
            if (t >= j && (t - j) % S == 0 && (t - j) / S < P)
              sum[r][j] = hn::MulAdd(value, gradient[(t - j) / S], sum[r][j]);
        }
      }
    });
  }
  HWY_UNROLL(4)
  for (int r = 0; r < R; ++r) {
    HWY_UNROLL(16)
    for (int j = Half && r == 0 ? KW / 2 : 0; j < KW; ++j)
      add_to(total + ((k + r) * KW + j) * kLanes, sum[r][j]);
  }
}

/// Likewise to the first `kernel_rows` rows of the sums.
template <int KW, int S, bool Half, class D, class Ahead = NothingAhead>
HWY_INLINE void add_all_products(const ProductRow* rows, int count, int kernel_rows, std::int64_t at,
                                 const D& d, int width, float* total, Ahead&& ahead = {}) {
  constexpr int kMost = KW > 5 ? 2 : 3;  // rows whose sums the registers hold
  const int first = std::min(kernel_rows, kMost);
  if (kMost == 3 && first == 3)
    add_products<KW, S, 3, Half>(rows, count, 0, at, d, width, total, ahead);
  else if (first == 2)
    add_products<KW, S, 2, Half>(rows, count, 0, at, d, width, total, ahead);
  else
    add_products<KW, S, 1, Half>(rows, count, 0, at, d, width, total, ahead);
  int k = first;
  for (; k + 2 <= kernel_rows; k += 2) add_products<KW, S, 2, false>(rows, count, k, at, d, width, total);
  if (k < kernel_rows) add_products<KW, S, 1, false>(rows, count, k, at, d, width, total);
}

/// A kernel by its width, 1, 3 or 5: use.operator()<width>().
template <class Use>
auto for_width(int width, const Use& use) {
  switch (width) {
    case 1:
      return use.template operator()<1>();
    case 3:
      return use.template operator()<3>();
    default:
      return use.template operator()<5>();
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
