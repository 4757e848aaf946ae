#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/tap_products.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/taps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// What all chunks share.
struct Products {
  Depthwise s;
  Reading reading;  // with the centre
  GradientIn dz;

  int taps() const { return s.kernel_height * s.kernel_width; }
};

/// A row of dz, and the rows of the input that its taps see.
struct ProductsRow {
  Taps taps;
  const float* dz;
};

/// Output rows begin .. end; total [vectors, taps, kLanes].
template <int KW, int S>
void add_rows(const Products& job, std::int64_t begin, std::int64_t end, double* total) {
  const auto& s = job.s;
  Scratch scratch;
  const int halo = KW / 2, height = s.out_height();
  const Strip strip(s.channels, S * (s.width + 2 * halo) + s.out_width(), s.kernel_height,
                    vectors_of_a_line(job.reading.x.data.type()));
  const CentredRing x(scratch, strip.rows * S + s.kernel_height, strip.vectors, s.width, halo);
  const Ring dz(scratch, strip.rows, strip.vectors, s.out_width(), 0);
  auto* rows = scratch.take<ProductsRow>(strip.rows);
  float* band = scratch.zeros<float>(std::int64_t(strip.vectors) * job.taps() * kLanes);
  std::int64_t next = 0, pixels = 0;
  for_strips(strip, s.channels, begin, end, [&](const Group& group, std::int64_t first, std::int64_t last) {
    if (first == begin) {
      x.surround(job.reading.centre + group.first * kLanes, group.count);
      next = begin / height * s.height;
    }
    for (std::int64_t g = first; g < last; ++g) {
      const std::int64_t image = g / height * s.height;
      const int top = int(g % height) * S - s.kernel_height / 2;
      const std::int64_t needed = image + std::min(s.height, top + s.kernel_height);
      fetch_rows(job.reading, x.ring, group, s.channels, s.width, next, needed);
      next = std::max(next, needed);
      auto& row = rows[g - first] = {.taps = {}, .dz = dz.row(g)};
      for (int k = 0; k < s.kernel_height; ++k) row.taps.add(x.row(image, top + k, s.height), k, KW);
    }
    fetch_rows(job.dz, dz, group, s.channels, s.out_width(), first, last);
    pixels += (last - first) * s.out_width();
    const bool full = pixels >= kBandRows || last == end;
    if (full) pixels = 0;
    for (int v = 0; v < group.count; ++v) {
      float* sums = band + std::int64_t(v) * job.taps() * kLanes;
      for (std::int64_t g = first; g < last; ++g)
        kernel_gradient<KW, S>(rows[g - first].taps, std::int64_t(v) * x.ring.row_size,
                               rows[g - first].dz + v * dz.row_size, s.out_width(), sums, {});
      double* to = total + std::int64_t(group.first + v) * job.taps() * kLanes;
      for (int i = 0; full && i < job.taps() * kLanes; ++i) to[i] += sums[i], sums[i] = 0;
    }
  });
}

}  // namespace

void tap_products_here(const Depthwise& s, ConstValues dz, std::int64_t dz_stride, const Source& x,
                       const float* centre, double* products, const ForEach& each) {
  Scratch scratch;
  const Products job{s, {scratch, x, s.channels, centre}, {.dz = dz, .stride = dz_stride}};
  const Ranges chunks(s.images, 1);
  const std::int64_t size = std::int64_t(padded(s.channels)) * job.taps();
  double* parts = scratch.zeros<double>(chunks.count * size);
  const auto rows = for_kernel(s.kernel_width, s.stride, []<int KW, int S>() { return add_rows<KW, S>; });
  each(chunks.count, [&](std::int64_t i) {
    rows(job, chunks.begin(i) * s.out_height(), chunks.end(i) * s.out_height(), parts + i * size);
  });
  for (std::int64_t i = 1; i < chunks.count; ++i)
    for (std::int64_t at = 0; at < size; ++at) parts[at] += parts[i * size + at];
  for (int c = 0; c < s.channels; ++c)
    for (int t = 0; t < job.taps(); ++t)
      products[std::int64_t(c) * job.taps() + t] =
          parts[(std::int64_t(c / kLanes) * job.taps() + t) * kLanes + c % kLanes];
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(tap_products_here);

void tap_products(const Depthwise& shape, ConstValues dz, std::int64_t dz_stride, const Source& x,
                  const float* centre, double* products, const ForEach& each) {
  HWY_DYNAMIC_DISPATCH(tap_products_here)(shape, dz, dz_stride, x, centre, products, each);
}

}  // namespace ablate::kernels
#endif
