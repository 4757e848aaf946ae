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

/// What one chunk works with: rings of vectors, that hold what a unit's rows of outputs see, and these rows.
struct ProductsChunk {
  ProductsChunk(Scratch& scratch, const Depthwise& s, const OutputUnits& of, int vectors)
      : units(of),
        x(scratch, units.seen(), vectors, s.width, s.kernel_width / 2),
        dz(scratch, units.rows, vectors, s.out_width(), 0),
        rows(scratch.take<ProductRow>(s.out_height())) {
    for (int oh = 0; oh < s.out_height(); ++oh) {
      rows[oh].d = dz.row(oh);
      for (int k = 0; k < s.kernel_height; ++k)
        rows[oh].x[k] = x.row(0, oh * s.stride - s.kernel_height / 2 + k, s.height);
    }
  }

  OutputUnits units;
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
  void ask_rest() {
    x.ask_rest();
    dz.ask_rest();
  }
  LinesAhead x, dz;
};

/// A piece, of which rows up to x and dz are in the rings; sums: of its group.
template <int KW, int S>
HWY_NOINLINE void add_piece(const Products& job, ProductsChunk& chunk, const Piece& piece, const Piece* next,
                            int& x, int& dz, float* sums) {
  const auto& s = job.s;
  const auto& map = job.reading.x;
  const auto outputs_of = [&](int units) { return chunk.units.outputs(units); };
  const auto inputs_of = [&](int units) { return chunk.units.inputs(units); };
  const int begin = outputs_of(piece.unit), end = outputs_of(piece.unit + 1);
  piece.for_turns(chunk.dz.vectors, [&](const Group& turn, int first) HWY_ATTR {
    if (piece.unit == 0) x = dz = 0, chunk.x.surround(job.reading.centre + turn.first * kLanes, turn.count);
    fetch_inputs(job.reading, s, piece.image, turn, x, inputs_of(piece.unit + 1), chunk.x.ring);
    fetch_gradients(job.dz, piece.image, s.out_height(), s.out_width(), s.channels, turn, dz, end, chunk.dz);
    for (int v = 0; v < turn.count; ++v) {
      ProductsAhead<S> ahead{
          .x = lines_ahead(map.data, map.stride, s, s.height, s.width, next, first + v, inputs_of),
          .dz = lines_ahead(job.dz.dz, job.dz.stride, s, s.out_height(), s.out_width(), next, first + v,
                            outputs_of)};
      add_all_products<KW, S, 1, false>(chunk.rows + begin, end - begin, s.kernel_height,
                                        v * chunk.x.ring.row_size, v * chunk.dz.row_size, s.out_width(),
                                        sums + (first + v) * job.taps() * kLanes, ahead);
      ahead.ask_rest();
    }
  });
}

/// Images begin .. end; total [vectors, taps, kLanes].
template <int KW, int S>
void add_images(const Products& job, std::int64_t begin, std::int64_t end, double* total) {
  const auto& s = job.s;
  Scratch scratch;
  const OutputUnits units(s);
  const int columns = units.seen() * (s.width + KW) + units.rows * s.out_width();
  const int vectors =
      vectors_of_a_group(s.channels, columns, kSecondLevel, vectors_of_a_line(job.reading.x.data.type()));
  ProductsChunk chunk(scratch, s, units, units.count() == 1 ? 1 : vectors);
  const Pieces pieces(s.channels, vectors, units.count(), units.rows * s.out_width(), kBandRows);
  float* band = scratch.zeros<float>(std::int64_t(padded(s.channels)) * job.taps());
  int x = 0, dz = 0;
  pieces.each(begin, end, s.images, [&](const Piece& piece, const Piece* next) {
    const std::int64_t at = std::int64_t(piece.group.first) * job.taps() * kLanes;
    add_piece<KW, S>(job, chunk, piece, next, x, dz, band + at);
    if (!piece.ends_band) return;
    for (int i = 0; i < piece.group.count * job.taps() * kLanes; ++i)
      total[at + i] += band[at + i], band[at + i] = 0;
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
