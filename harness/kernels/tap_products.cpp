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
  JointImages joint;
  Depthwise s;      // of joint images
  Reading reading;  // with the centre
  GradientIn dz;

  int taps() const { return s.kernel_height * s.kernel_width; }
};

/// What one chunk works with: a ring of vectors, that holds what a unit's rows of outputs see, and these
/// rows.
struct ProductsChunk {
  ProductsChunk(Scratch& scratch, const Depthwise& s, const OutputUnits& of, int vectors)
      : units(of),
        x(scratch, units.seen(), vectors, s.width, s.kernel_width / 2),
        rows(scratch.take<ProductRow>(s.out_height())) {
    for (int oh = 0; oh < s.out_height(); ++oh)
      for (int k = 0; k < s.kernel_height; ++k)
        rows[oh].x[k] = x.row(0, oh * s.stride - s.kernel_height / 2 + k, s.height);
  }

  OutputUnits units;
  CentredRing x;
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

/// Output rows begin .. end of one vector, `turn` among those in the ring, to its sums.
template <int KW, int S>
HWY_INLINE void add_vector(const Products& job, const ProductsChunk& chunk, std::int64_t image, int vector,
                           int turn, int begin, int end, float* sums, ProductsAhead<S>& ahead) {
  const auto& s = job.s;
  const int width = s.out_width();
  const std::int64_t pixels = std::int64_t(s.out_height()) * width;
  const auto at = job.joint.place(vector);
  const std::int64_t first = (image * job.joint.images() + at.image) * pixels + std::int64_t(begin) * width;
  const auto dz = job.dz.dz + first * job.dz.stride + at.channel;
  with_type(dz.type(), [&]<class T>() HWY_ATTR {
    const auto add = [&](auto lanes) HWY_ATTR {
      const MapValues<T, decltype(lanes)> d{dz.as<T>(), job.dz.stride, width, lanes};
      add_all_products<KW, S, false>(chunk.rows + begin, end - begin, s.kernel_height,
                                     std::int64_t(turn) * chunk.x.ring.row_size, d, width, sums, ahead);
    };
    if constexpr (kLanes > 1) {
      if (at.split()) return add(in_map(job.joint.split(at, pixels), job.dz.stride));
      if (at.count < kLanes) return add(Lanes(at.count));
    }
    add(AllLanes());
  });
}

/// A piece, of which rows up to x are in the ring; sums: of its group.
template <int KW, int S>
HWY_NOINLINE void add_piece(const Products& job, ProductsChunk& chunk, const Piece& piece, const Piece* next,
                            int& x, float* sums) {
  const auto& s = job.s;
  const auto& map = job.reading.x;
  const auto outputs_of = [&](int units) { return chunk.units.outputs(units); };
  const auto inputs_of = [&](int units) { return chunk.units.inputs(units); };
  const int begin = outputs_of(piece.unit), end = outputs_of(piece.unit + 1);
  piece.for_turns(chunk.x.ring.vectors, [&](const Group& turn, int first) HWY_ATTR {
    if (piece.unit == 0) x = 0, chunk.x.surround(job.reading.centre + turn.first * kLanes, turn.count);
    fetch_inputs(job.reading, job.joint, s, piece.image, turn, x, inputs_of(piece.unit + 1), chunk.x.ring);
    for (int v = 0; v < turn.count; ++v) {
      const NextVector of{job.joint, next, first + v};
      ProductsAhead<S> ahead{
          .x = of.lines(map.data, map.stride, s.height, s.width, inputs_of),
          .dz = of.lines(job.dz.dz, job.dz.stride, s.out_height(), s.out_width(), outputs_of)};
      add_vector<KW, S>(job, chunk, piece.image, turn.first + v, v, begin, end,
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
  const int vectors = vectors_of_a_group(s.channels, units.seen() * (s.width + KW), kSecondLevel,
                                         vectors_of_a_line(job.reading.x.data.type()));
  const Pieces pieces(s.channels, vectors, units.count(), units.rows * s.out_width(), kBandRows);
  ProductsChunk chunk(scratch, s, units, pieces.held());
  float* band = scratch.zeros<float>(std::int64_t(padded(s.channels)) * job.taps());
  int x = 0;
  pieces.each(begin, end, s.images, [&](const Piece& piece, const Piece* next) {
    const std::int64_t at = std::int64_t(piece.group.first) * job.taps() * kLanes;
    add_piece<KW, S>(job, chunk, piece, next, x, band + at);
    if (!piece.ends_band) return;
    for (int i = 0; i < piece.group.count * job.taps() * kLanes; ++i)
      total[at + i] += band[at + i], band[at + i] = 0;
  });
}

}  // namespace

void tap_products_here(const Depthwise& shape, ConstValues dz, std::int64_t dz_stride, const Source& x,
                       const float* centre, double* products, const ForEach& each) {
  Scratch scratch;
  const JointImages joint(shape.channels, shape.images);
  const Depthwise s = joint.shape(shape);
  const Products job{joint,
                     s,
                     {scratch, joint.source(scratch, x), s.channels, joint.repeated(scratch, centre)},
                     {.dz = dz, .stride = dz_stride}};
  const Ranges chunks(s.images, 1);
  const std::int64_t size = std::int64_t(padded(s.channels)) * job.taps();
  double* parts = scratch.zeros<double>(chunks.count * size);
  const auto images = for_width(
      s.kernel_width, [&]<int KW>() { return s.stride == 1 ? add_images<KW, 1> : add_images<KW, 2>; });
  each(chunks.count, [&](std::int64_t i) { images(job, chunks.begin(i), chunks.end(i), parts + i * size); });
  for (std::int64_t i = 1; i < chunks.count; ++i)
    for (std::int64_t at = 0; at < size; ++at) parts[at] += parts[i * size + at];
  for (int c = 0; c < shape.channels; ++c)
    for (int t = 0; t < job.taps(); ++t)
      products[std::int64_t(c) * job.taps() + t] = joint.sum(c, [&](int of) {
        return parts[(std::int64_t(of / kLanes) * job.taps() + t) * kLanes + of % kLanes];
      });
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
