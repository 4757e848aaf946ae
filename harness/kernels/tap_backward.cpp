#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/tap_backward.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/input_rows-inl.h"
#include "harness/kernels/joined_taps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// What all chunks share.
struct Backward {
  Depthwise s;
  Reading reading;  // with the centre
  GradientIn dz;
  const float* weights;  // [vectors, taps, kLanes]
  const JoinedTaps& joined;
  GradientOut dx;  // centre in whole vectors
  bool stream;

  int taps() const { return s.kernel_height * s.kernel_width; }
  std::int64_t pixel(std::int64_t image, int h) const { return (image * s.height + h) * s.width; }
};

/// For a row of dx, whatever the image: the rows of the input around it, and those of dz that reach it.
struct BackwardRow {
  Taps around, back;
  int row_class;
};

/// What one chunk works with.
struct BackwardChunk {
  CentredRing x;
  Ring dz;
  float* ends;         // what only the ends of a row get, [columns, kLanes]
  BandGradients sums;  // of the band [padded C]
  BackwardRow* rows;   // [height]
};

/// What comes next.
struct BackwardAhead {
  template <int Pixels>
  HWY_INLINE void ask() {
    x.ask<Pixels>();
    dz.ask<Pixels>();
    dx.ask<Pixels>();
  }
  void ask_rest() {
    x.ask_rest();
    dz.ask_rest();
    dx.ask_rest();
  }
  LinesAhead x, dz, dx;
};

/// Those pixels of a row of dx that are First more than a multiple of the stride, and all after them.
template <int KW, int S, int First>
HWY_INLINE void input_pixels(const Backward& job, const BackwardChunk& chunk, const BackwardRow& row,
                             const InputRow& to, const float* kernel, const float* weights,
                             BackwardAhead& ahead) {
  const int width = (job.s.width - First + S - 1) / S;
  for_blocks<8>(width, [&]<int P>(Pixels<P>, int i) HWY_ATTR {
    const int w = First + i * S;
    ahead.ask<P>();
    Vector part[P];
    job.joined.begin<KW, S>(kernel, First, part);
    job.joined.add<KW, S>(kernel, First, row.around, w * kLanes, part);
    add_back<KW, S, First>(row.back, (chunk.dz.halo + i) * kLanes, weights, part);
    HWY_UNROLL(8)
    for (int p = 0; p < P; ++p)
      part[p] = hn::Add(part[p], hn::Load(kFloats, chunk.ends + (w + p * S) * kLanes));
    to.store<S>(w, part);
  });
  if constexpr (First + 1 < S) input_pixels<KW, S, First + 1>(job, chunk, row, to, kernel, weights, ahead);
}

/// The rows that make row h of dx: they are in the rings when it is worked on.
template <int KW, int S>
BackwardRow row_of(const Backward& job, const BackwardChunk& chunk, int h) {
  const auto& s = job.s;
  BackwardRow row{.around = {}, .back = {}, .row_class = job.joined.rows.class_of(h)};
  job.joined.for_rows(row.row_class, [&](int k) {
    row.around.add(chunk.x.row(0, h + k - s.kernel_height + 1, s.height), k, 2 * KW - 1);
  });
  for (int k = s.kernel_height - 1; k >= 0; --k) {
    const int from = h + s.kernel_height / 2 - k;
    if (from >= 0 && from % S == 0 && from / S < s.out_height()) row.back.add(chunk.dz.row(from / S), k, KW);
  }
  return row;
}

/// What vector v of the next piece needs.
template <int S>
BackwardAhead ahead_of(const Backward& job, const Piece* next, int v) {
  const auto& s = job.s;
  BackwardAhead ahead{
      .x = lines_ahead(job.reading.x.data, job.reading.x.stride, s, s.height, s.width, next, v,
                       [&](int h) { return std::min(s.height, h + s.kernel_height - 1); }),
      .dz =
          lines_ahead(job.dz.dz, job.dz.stride, s, s.out_height(), s.out_width(), next, v,
                      [&](int h) { return std::min(s.out_height(), (h - 1 + s.kernel_height / 2) / S + 1); }),
      .dx = {}};
  // Side by side in one map, dz brings dx with it.
  const GradientRead dx(job.dx, job.stream);
  const auto* dz = job.dz.dz.bytes();
  const bool beside = dx.data && dx.data.bytes() < dz && dz < (dx.data + dx.stride).bytes();
  if (!beside || !ahead.dz.adjoin())
    ahead.dx = lines_ahead(dx.data, dx.stride, s, s.height, s.width, next, v, [](int h) { return h; });
  return ahead;
}

/// One vector of a piece.
template <int KW, int S>
HWY_NOINLINE void backward_vector(const Backward& job, const BackwardChunk& chunk, const Piece& piece, int v,
                                  const Piece* next) {
  const auto& s = job.s;
  const int c = (piece.group.first + v) * kLanes, count = std::min(kLanes, s.channels - c);
  const float* weights = job.weights + std::int64_t(c) * job.taps();
  chunk.x.surround(job.reading.centre + c, 1);
  int x = std::max(0, piece.begin - s.kernel_height + 1);
  auto ahead = ahead_of<S>(job, next, v);
  int dz = std::max(0, (piece.begin - s.kernel_height / 2 + S - 1) / S);
  for (int h = piece.begin; h < piece.end; ++h) {
    for (; x < std::min(s.height, h + s.kernel_height); ++x)
      job.reading.row(job.reading.x.data + job.pixel(piece.image, x) * job.reading.x.stride + c, s.width, c,
                      count, chunk.x.ring.row(x) + chunk.x.ring.halo * kLanes);
    for (; dz < std::min(s.out_height(), (h + s.kernel_height / 2) / S + 1); ++dz)
      fetch_gradient(job.dz, (piece.image * s.out_height() + dz) * s.out_width(), s.out_width(), c, count,
                     chunk.dz.row(dz) + chunk.dz.halo * kLanes);
    const auto& row = chunk.rows[h];
    const float* kernel = job.joined.of(c / kLanes, row.row_class);
    job.joined.ends<KW, S>(kernel, row.around, 0, s.width, chunk.ends);
    input_pixels<KW, S, 0>(
        job, chunk, row,
        InputRow(job.reading, job.dx, chunk.sums, s.channels, job.pixel(piece.image, h), c, job.stream),
        kernel, weights, ahead);
  }
  ahead.ask_rest();
}

/// Images begin .. end; total_sums [2, C].
template <int KW, int S>
void backward_images(const Backward& job, std::int64_t begin, std::int64_t end, double* total_sums) {
  const auto& s = job.s;
  Scratch scratch;
  const int size = int(bytes_of(job.reading.x.data.type())) * kLanes;
  const Pieces pieces(s.channels, s.height, s.width * ((job.dx.data ? 2 : 1) * size + size / (S * S)),
                      2 * s.kernel_height, vectors_of_a_line(job.reading.x.data.type()));
  BackwardChunk chunk{
      .x = {scratch, 2 * s.kernel_height - 1, 1, s.width, KW - 1},
      .dz = {scratch, s.kernel_height, 1, s.out_width(), KW / 2},
      .ends = scratch.zeros<float>(std::int64_t(s.width) * kLanes),
      .sums = {scratch.zeros<float>(padded(s.channels)), scratch.zeros<float>(padded(s.channels))},
      .rows = scratch.take<BackwardRow>(s.height)};
  for (int h = 0; h < s.height; ++h) chunk.rows[h] = row_of<KW, S>(job, chunk, h);
  std::int64_t pixels = 0;
  pieces.each(begin, end, s.images, [&](const Piece& piece, const Piece* next, bool last) {
    const auto& group = piece.group;
    for (int v = 0; v < group.count; ++v) backward_vector<KW, S>(job, chunk, piece, v, next);
    pixels += std::int64_t(piece.end - piece.begin) * s.width;
    if (!job.dx.sum || (pixels < kBandRows && !last)) return;
    pixels = 0;
    const int c = group.first * kLanes;
    add_band(total_sums + c, s.channels, {chunk.sums.sum + c, chunk.sums.dot + c},
             std::min(group.count * kLanes, s.channels - c));
  });
  if (job.stream) hwy::FlushStream();
}

}  // namespace

void tap_backward_here(const Depthwise& s, ConstValues dz, std::int64_t dz_stride, const Source& x,
                       const TapGradient& gradient, const GradientOut& dx, const ForEach& each) {
  Scratch scratch;
  const Ranges chunks(s.images, 1);
  const ChunkGradients sums(scratch, chunks, s.channels, dx);
  const JoinedTaps joined(scratch, s, gradient);
  Backward job{.s = s,
               .reading = {scratch, x, s.channels, gradient.centre},
               .dz = {.dz = dz, .stride = dz_stride},
               .weights = pack(scratch, gradient.kernel, s.channels, s.kernel_height * s.kernel_width),
               .joined = joined,
               .dx = dx,
               .stream = dx.data && streams(dx.data, dx.stride, std::int64_t(s.images) * s.height * s.width,
                                            s.channels)};
  if (dx.sum) job.dx.centre = pad(scratch, dx.centre, s.channels);
  const auto images =
      for_kernel(s.kernel_width, s.stride, []<int KW, int S>() { return backward_images<KW, S>; });
  each(chunks.count, [&](std::int64_t i) { images(job, chunks.begin(i), chunks.end(i), sums.of(i)); });
  sums.finish();
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(tap_backward_here);

void tap_backward(const Depthwise& shape, ConstValues dz, std::int64_t dz_stride, const Source& x,
                  const TapGradient& gradient, const GradientOut& dx, const ForEach& each) {
  HWY_DYNAMIC_DISPATCH(tap_backward_here)(shape, dz, dz_stride, x, gradient, dx, each);
}

}  // namespace ablate::kernels
#endif
