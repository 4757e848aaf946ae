// What the kernels of a depthwise convolution's taps share: rings of the input less its centre, and the order
// of work. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_TAPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_TAPS_INL_H_
#undef ABLATE_KERNELS_TAPS_INL_H_
#else
#define ABLATE_KERNELS_TAPS_INL_H_
#endif

#include "harness/kernels/depthwise_backward-inl.h"
#include "harness/kernels/taps.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// The rows of all images are numbered through: row g is row g % height of image g / height. A strip of them
/// is read, all vectors of a group, then worked on vector by vector, so that what belongs to a vector (sums,
/// or kernels) is fetched once a strip.
struct Strip {
  int rows;     // of a strip
  int vectors;  // of a group

  /// `columns`: of the rings' rows together; `around`: the rows they hold beside the strip's; `step`: vectors
  /// that are worked on together.
  Strip(int channels, int columns, int around, int step) {
    constexpr int kBytes = 32 << 10;  // of the rings of one vector: most of a first-level cache
    rows = std::max(1, kBytes / (columns * kLanes * int(sizeof(float))) - around);
    vectors = vectors_of_a_group(channels, (rows + around) * columns, kSecondLevel, step);
  }
};

/// Calls body(group, first row, end) for the strips of rows begin .. end of every group.
template <class Body>
HWY_INLINE void for_strips(const Strip& strip, int channels, std::int64_t begin, std::int64_t end,
                           const Body& body) {
  const int all_vectors = padded(channels) / kLanes;
  for (int v = 0; v < all_vectors; v += strip.vectors)
    for (std::int64_t g = begin; g < end; g += strip.rows)
      body(Group{v, std::min(strip.vectors, all_vectors - v)}, g,
           std::min<std::int64_t>(end, g + strip.rows));
}

/// Rows from .. end of a map into a ring, all vectors of a group.
HWY_INLINE void fetch_rows(const Reading& reading, const Ring& ring, const Group& group, int channels,
                           int width, std::int64_t from, std::int64_t end) {
  for (std::int64_t g = from; g < end; ++g)
    for (int v = 0; v < group.count; ++v) {
      const int c = (group.first + v) * kLanes;
      reading.row(reading.x.data + g * width * reading.x.stride + c, width, c, std::min(kLanes, channels - c),
                  ring.row(g) + v * ring.row_size + ring.halo * kLanes);
    }
}

/// Likewise of a gradient.
HWY_INLINE void fetch_rows(const GradientIn& dz, const Ring& ring, const Group& group, int channels,
                           int width, std::int64_t from, std::int64_t end) {
  for (std::int64_t g = from; g < end; ++g)
    for (int v = 0; v < group.count; ++v) {
      const int c = (group.first + v) * kLanes;
      const auto row = dz.dz + g * width * dz.stride + c;
      with_type(row.type(), [&]<class T>() HWY_ATTR {
        read_gradient<T>(dz, row.as<T>(), nullptr, width, 0, std::min(kLanes, channels - c),
                         ring.row(g) + v * ring.row_size + ring.halo * kLanes);
      });
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
  void surround(const float* centre, int vectors) const {
    const int columns = ring.row_size / kLanes;
    for (int v = 0; v < vectors; ++v) {
      const Vector value = hn::Neg(hn::Load(kFloats, centre + v * kLanes));
      for (int w = 0; w < columns; ++w) hn::Store(value, kFloats, outside + v * ring.row_size + w * kLanes);
      for (int slot = 0; slot < ring.slots; ++slot)
        for (int w = 0; w < ring.halo; ++w) {
          float* row = ring.row(slot) + v * ring.row_size;
          hn::Store(value, kFloats, row + w * kLanes);
          hn::Store(value, kFloats, row + (columns - 1 - w) * kLanes);
        }
    }
  }

  Ring ring;
  float* outside;  // a row [vectors, columns, kLanes]
};

/// A kernel by its width (1, 3 or 5) and its stride: use.operator()<width, stride>().
template <class Use>
auto for_kernel(int width, int stride, const Use& use) {
  switch (width) {
    case 1:
      return stride == 1 ? use.template operator()<1, 1>() : use.template operator()<1, 2>();
    case 3:
      return stride == 1 ? use.template operator()<3, 1>() : use.template operator()<3, 2>();
    default:
      return stride == 1 ? use.template operator()<5, 1>() : use.template operator()<5, 2>();
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
