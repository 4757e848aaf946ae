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
  JointImages joint;
  Depthwise s;      // of joint images
  Reading reading;  // with the centre
  GradientIn dz;
  const float* weights;  // [vectors, taps, kLanes]
  const JoinedTaps& joined;
  GradientOut dx;  // centre in whole vectors
  bool stream;

  int taps() const { return s.kernel_height * s.kernel_width; }
};

/// For a row of dx, whatever the image: the rows of the input around it, and those of dz that reach it.
struct BackwardRow {
  Taps around, back;
  int row_class;
};

/// What one chunk works with: rings of a group of vectors, that hold what `unit` rows of dx see.
struct BackwardChunk {
  int unit;
  CentredRing x;
  Ring dz;
  float* ends;         // what only the ends of a row get, [columns, kLanes]
  BandGradients sums;  // of the band [padded C]
  BackwardRow* rows;   // [height]
};

/// Where one row of one vector of dx comes from and goes.
struct VectorRow {
  const BackwardRow& rows;
  int x, dz;  // where the vector is in the rings' rows
  const float *kernel, *weights;
  InputRow to;
};

/// One row of one vector of dx.
template <int KW>
HWY_INLINE void input_pixels(const Backward& job, const BackwardChunk& chunk, const VectorRow& row,
                             BackwardAhead& ahead) {
  for_equal_blocks(job.s.width, [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    ahead.x.ask<P>();
    ahead.dz.ask<P>();
    ahead.dx.ask<P>();
    Vector part[P];
    job.joined.begin(row.kernel, part);
    job.joined.add<KW>(row.kernel, row.rows.around, row.x + w * kLanes, part);
    add_back<KW, 1, 0>(row.rows.back, row.dz + (chunk.dz.halo + w) * kLanes, row.weights, part);
    HWY_UNROLL(8)
    for (int p = 0; p < P; ++p) part[p] = hn::Add(part[p], hn::Load(kFloats, chunk.ends + (w + p) * kLanes));
    row.to.store<1>(w, part);
  });
}

/// The rows that make row h of dx: they are in the rings when it is worked on.
template <int KW>
BackwardRow row_of(const Backward& job, const BackwardChunk& chunk, int h) {
  const auto& s = job.s;
  BackwardRow row{.around = {}, .back = {}, .row_class = job.joined.rows.class_of(h)};
  job.joined.for_rows(row.row_class, [&](int k) {
    row.around.add(chunk.x.row(0, h + k - s.kernel_height + 1, s.height), k, 2 * KW - 1);
  });
  for (int k = s.kernel_height - 1; k >= 0; --k) {
    const int from = h + s.kernel_height / 2 - k;
    if (from >= 0 && from < s.height) row.back.add(chunk.dz.row(from), k, KW);
  }
  return row;
}

/// Rows that the units before one have reached: of dx, of the input and of dz.
struct Reached {
  Depthwise s;
  int unit;

  int rows(int units) const { return std::min(s.height, units * unit); }
  int inputs(int units) const { return std::min(s.height, rows(units) + s.kernel_height - 1); }
  int gradients(int units) const { return std::min(s.height, rows(units) + s.kernel_height / 2); }
};

/// What the next piece needs.
BackwardAhead ahead_of(const Backward& job, const Reached& reached, const NextVector& next) {
  const auto& s = job.s;
  BackwardAhead ahead{.x = next.lines(job.reading.x.data, job.reading.x.stride, s.height, s.width,
                                      [&](int units) { return reached.inputs(units); }),
                      .dz = next.lines(job.dz.dz, job.dz.stride, s.height, s.width,
                                       [&](int units) { return reached.gradients(units); }),
                      .dx = {}};
  // Side by side in one map, dz brings dx with it.
  const GradientRead dx(job.dx, job.stream);
  const auto* dz = job.dz.dz.bytes();
  const bool beside = dx.data && dx.data.bytes() < dz && dz < (dx.data + dx.stride).bytes();
  if (!beside || !ahead.dz.adjoin())
    ahead.dx =
        next.lines(dx.data, dx.stride, s.height, s.width, [&](int units) { return reached.rows(units); });
  return ahead;
}

/// A piece, of which rows up to x and dz are in the rings.
template <int KW>
HWY_NOINLINE void backward_piece(const Backward& job, BackwardChunk& chunk, const Piece& piece,
                                 const Piece* next, int& x, int& dz) {
  const auto& s = job.s;
  const Reached reached{s, chunk.unit};
  const int begin = reached.rows(piece.unit), end = reached.rows(piece.unit + 1);
  piece.for_turns(chunk.dz.vectors, [&](const Group& turn, int first) HWY_ATTR {
    if (piece.unit == 0) x = dz = 0, chunk.x.surround(job.reading.centre + turn.first * kLanes, turn.count);
    fetch_inputs(job.reading, job.joint, s, piece.image, turn, x, reached.inputs(piece.unit + 1),
                 chunk.x.ring);
    fetch_gradients(job.dz, job.joint, piece.image, s.height, s.width, turn, dz,
                    reached.gradients(piece.unit + 1), chunk.dz);
    for (int v = 0; v < turn.count; ++v) {
      auto ahead = ahead_of(job, reached, {job.joint, next, first + v});
      const int vector = turn.first + v, at = v * chunk.x.ring.row_size;
      for (int h = begin; h < end; ++h) {
        const auto& rows = chunk.rows[h];
        const float* kernel = job.joined.of(vector, rows.row_class);
        job.joined.ends<KW>(kernel, rows.around, at, s.width, chunk.ends);
        const VectorRow row{.rows = rows,
                            .x = at,
                            .dz = v * chunk.dz.row_size,
                            .kernel = kernel,
                            .weights = job.weights + std::int64_t(vector) * job.taps() * kLanes,
                            .to = InputRow(job.reading, job.dx, chunk.sums, job.joint, s, piece.image, h,
                                           vector, job.stream)};
        input_pixels<KW>(job, chunk, row, ahead);
      }
      ahead.ask_rest();
    }
  });
}

/// Images begin .. end; total_sums [2, C].
template <int KW>
void backward_images(const Backward& job, std::int64_t begin, std::int64_t end, double* total_sums) {
  const auto& s = job.s;
  Scratch scratch;
  const int unit = rows_of_a_unit(s.width, s.height);
  const int x_slots = std::min(s.height, unit + 2 * (s.kernel_height - 1));
  const int dz_slots = std::min(s.height, unit + s.kernel_height - 1);
  const int columns = x_slots * (s.width + 2 * (KW - 1)) + dz_slots * (s.width + KW);
  const int vectors =
      vectors_of_a_group(s.channels, columns, kSecondLevel, vectors_of_a_line(job.reading.x.data.type()));
  const Pieces pieces(s.channels, vectors, (s.height + unit - 1) / unit, unit * s.width, kBandRows);
  BackwardChunk chunk{
      .unit = unit,
      .x = {scratch, x_slots, pieces.held(), s.width, KW - 1},
      .dz = {scratch, dz_slots, pieces.held(), s.width, KW / 2},
      .ends = scratch.zeros<float>(std::int64_t(s.width) * kLanes),
      .sums = {scratch.zeros<float>(padded(s.channels)), scratch.zeros<float>(padded(s.channels))},
      .rows = scratch.take<BackwardRow>(s.height)};
  for (int h = 0; h < s.height; ++h) chunk.rows[h] = row_of<KW>(job, chunk, h);
  int x = 0, dz = 0;
  pieces.each(begin, end, s.images, [&](const Piece& piece, const Piece* next) {
    const int c = piece.group.first * kLanes;
    backward_piece<KW>(job, chunk, piece, next, x, dz);
    if (job.dx.sum && piece.ends_band)
      add_band(total_sums + c, s.channels, {chunk.sums.sum + c, chunk.sums.dot + c},
               std::min(piece.group.count * kLanes, s.channels - c));
  });
  if (job.stream) hwy::FlushStream();
}

/// The same for every image.
TapGradient repeated(Scratch& scratch, const JointImages& joint, int taps, const TapGradient& gradient) {
  return {.kernel = joint.repeated(scratch, gradient.kernel, taps),
          .constant = joint.repeated(scratch, gradient.constant, taps),
          .curvature = joint.repeated(scratch, gradient.curvature, taps * taps),
          .centre = joint.repeated(scratch, gradient.centre)};
}

}  // namespace

void tap_backward_here(const Depthwise& shape, ConstValues dz, std::int64_t dz_stride, const Source& x,
                       const TapGradient& of_image, const GradientOut& wanted, const ForEach& each) {
  Scratch scratch;
  const JointImages joint(shape.channels, shape.images);
  const Depthwise s = joint.shape(shape);
  const int taps = s.kernel_height * s.kernel_width;
  const TapGradient gradient = repeated(scratch, joint, taps, of_image);
  const GradientOut dx = joint.gradient(scratch, wanted);
  const Ranges chunks(s.images, 1);
  const ChunkGradients sums(scratch, chunks, s.channels, dx);
  const JoinedTaps joined(scratch, s, gradient);
  Backward job{.joint = joint,
               .s = s,
               .reading = {scratch, joint.source(scratch, x), s.channels, gradient.centre},
               .dz = {.dz = dz, .stride = dz_stride},
               .weights = pack(scratch, gradient.kernel, s.channels, taps),
               .joined = joined,
               .dx = dx,
               .stream = streams(dx, s)};
  if (dx.sum) job.dx.centre = pad(scratch, dx.centre, s.channels);
  const auto images = for_width(s.kernel_width, []<int KW>() { return backward_images<KW>; });
  each(chunks.count, [&](std::int64_t i) { images(job, chunks.begin(i), chunks.end(i), sums.of(i)); });
  sums.finish();
  joint.add_sums(dx, wanted);
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
