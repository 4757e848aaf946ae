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

/// What one chunk works with: rings of one vector, that hold what `unit` rows of outputs see, and these rows.
struct ProductsChunk {
  ProductsChunk(Scratch& scratch, const Depthwise& s, int unit_rows)
      : unit(unit_rows),
        x(scratch, (unit - 1) * s.stride + s.kernel_height, 1, s.width, s.kernel_width / 2),
        dz(scratch, unit, 1, s.out_width(), 0),
        rows(scratch.take<ProductRow>(s.out_height())) {
    for (int oh = 0; oh < s.out_height(); ++oh) {
      rows[oh].d = dz.row(oh);
      for (int k = 0; k < s.kernel_height; ++k)
        rows[oh].x[k] = x.row(0, oh * s.stride - s.kernel_height / 2 + k, s.height);
    }
  }

  int unit;
  CentredRing x;
  Ring dz;
  ProductRow* rows;  // [output height]
};

/// What comes next, while products are summed.
template <int S>
struct ProductsAhead {
  template <int Pixels>
  HWY_INLINE void ask() {
    x.ask<Pixels * S * S>();
    dz.ask<Pixels>();
  }
  LinesAhead x, dz;
};

/// One vector of a piece.
template <int KW, int S>
HWY_NOINLINE void add_vector(const Products& job, const ProductsChunk& chunk, const Piece& piece, int v,
                             const Piece* next, float* sums) {
  const auto& s = job.s;
  const auto& map = job.reading.x;
  const int c = (piece.group.first + v) * kLanes, count = std::min(kLanes, s.channels - c);
  ProductsAhead<S> ahead{
      .x = lines_ahead(map.data, map.stride, s, s.height, s.width, next, v,
                       [&](int unit) {
                         return std::min(s.height,
                                         unit * chunk.unit * S + s.kernel_height - s.kernel_height / 2 - S);
                       }),
      .dz = lines_ahead(job.dz.dz, job.dz.stride, s, s.out_height(), s.out_width(), next, v,
                        [&](int unit) { return std::min(s.out_height(), unit * chunk.unit); })};
  chunk.x.surround(job.reading.centre + c, 1);
  int x = std::max(0, piece.begin * chunk.unit * S - s.kernel_height / 2);
  for (int unit = piece.begin; unit < piece.end; ++unit) {
    const int begin = unit * chunk.unit, end = std::min(s.out_height(), begin + chunk.unit);
    for (; x < std::min(s.height, (end - 1) * S - s.kernel_height / 2 + s.kernel_height); ++x)
      job.reading.row(map.data + ((piece.image * s.height + x) * s.width) * map.stride + c, s.width, c, count,
                      chunk.x.ring.row(x) + chunk.x.ring.halo * kLanes);
    for (int oh = begin; oh < end; ++oh)
      fetch_gradient(job.dz, (piece.image * s.out_height() + oh) * s.out_width(), s.out_width(), c, count,
                     chunk.dz.row(oh));
    add_all_products<KW, S, 1, false>(chunk.rows + begin, end - begin, s.kernel_height, 0, 0, s.out_width(),
                                      sums, ahead);
  }
  ahead.x.ask_rest();
  ahead.dz.ask_rest();
}

/// Images begin .. end; total [vectors, taps, kLanes].
template <int KW, int S>
void add_images(const Products& job, std::int64_t begin, std::int64_t end, double* total) {
  constexpr int kPixels = 64;  // that are summed in registers
  const auto& s = job.s;
  Scratch scratch;
  const int unit = std::clamp(kPixels / s.out_width(), 1, s.out_height());
  const ProductsChunk chunk(scratch, s, unit);
  const int size = int(bytes_of(job.reading.x.data.type())) * kLanes;
  const Pieces pieces(s.channels, (s.out_height() + unit - 1) / unit,
                      unit * s.out_width() * (S * S + 1) * size, (2 * s.kernel_height + unit - 1) / unit,
                      vectors_of_a_line(job.reading.x.data.type()));
  float* band = scratch.zeros<float>(std::int64_t(padded(s.channels)) * job.taps());
  std::int64_t pixels = 0;
  pieces.each(begin, end, s.images, [&](const Piece& piece, const Piece* next, bool last) {
    pixels += std::int64_t(piece.end - piece.begin) * unit * s.out_width();
    const bool full = last || pixels >= kBandRows;
    if (full) pixels = 0;
    for (int v = 0; v < piece.group.count; ++v) {
      const std::int64_t at = std::int64_t(piece.group.first + v) * job.taps() * kLanes;
      add_vector<KW, S>(job, chunk, piece, v, next, band + at);
      for (int i = 0; full && i < job.taps() * kLanes; ++i) total[at + i] += band[at + i], band[at + i] = 0;
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
  const auto images = for_kernel(s.kernel_width, s.stride, []<int KW, int S>() { return add_images<KW, S>; });
  each(chunks.count, [&](std::int64_t i) { images(job, chunks.begin(i), chunks.end(i), parts + i * size); });
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
