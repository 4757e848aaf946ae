#include "harness/kernels/branches.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/branch_moments.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/branches-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// What all chunks share.
struct Branches {
  JointImages joint;
  Depthwise s;      // of joint images
  Reading reading;  // with the centre
  const PackedBranches& branches;

  /// What is summed: every branch, and last what the middle sees.
  int kinds() const { return branches.count + 1; }
};

/// The sums of one vector of what a branch makes of the input less its centre, or of what the middle sees of
/// it: of the current band, which begins at zero since that is near their mean, and the moments of those
/// before.
struct Statistics {
  BandMoments band;
  std::int64_t pixels = 0;
  RunningMoments total;
};

/// A row of one vector of what branches first .. first + B give, to their sums; at: where the vector is in
/// rows of the ring.
template <int KW, int B>
HWY_INLINE void add_row(const Branches& job, int vector, int first, const Taps& taps, std::int64_t at,
                        Statistics* sums, LinesAhead& ahead) {
  const int width = job.s.out_width();
  const float* weights[B];
  for (int b = 0; b < B; ++b) {
    weights[b] = job.branches.of(vector, first + b);
    sums[first + b].pixels += width;
  }
  for_blocks<4>(width, [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    ahead.ask<P * kStride * kStride>();
    Vector y[B][P];
    convolve_all<KW>(taps, at + w * kStride * kLanes, weights, y);
    for (int b = 0; b < B; ++b) add_values(sums[first + b].band, 0, y[b]);
  });
}

/// A row of one vector of what the middle of the kernels sees, to its sums; x: the pixels of that row.
HWY_INLINE void add_middle_row(const float* x, int width, Statistics& sums) {
  sums.pixels += width;
  for_blocks<4>(width, [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    Vector seen[P];
    for (int p = 0; p < P; ++p) seen[p] = hn::Load(kFloats, x + (w + p) * kStride * kLanes);
    add_values(sums.band, 0, seen);
  });
}

/// Ends the bands that are long enough after a row of one vector, or all if it is the last row; sums
/// [branches + 1].
void end_row(const Branches& job, int channels, bool last, Statistics* sums) {
  for (int b = 0; b < job.kinds(); ++b) {
    if (sums[b].pixels < kBandRows && !last) continue;
    const BandMoments& band = sums[b].band;
    add_band(sums[b].total, band, double(sums[b].pixels), channels);
    hn::Store(all(0), kFloats, band.sum);
    hn::Store(all(0), kFloats, band.square);
    sums[b].pixels = 0;
  }
}

/// A piece, of which rows up to x are in the ring; sums [vectors, branches + 1] of all.
template <int KW>
HWY_NOINLINE void add_piece(const Branches& job, BranchRings& rings, const OutputUnits& units,
                            const Piece& piece, const Piece* next, bool last_image, int& x,
                            Statistics* sums) {
  const auto& s = job.s;
  const auto& map = job.reading.x;
  const auto inputs_of = [&](int unit) { return units.inputs(unit); };
  piece.for_turns(rings.x.ring.vectors, [&](const Group& turn, int first) HWY_ATTR {
    if (piece.unit == 0) x = 0, rings.x.surround(job.reading.centre + turn.first * kLanes, turn.count);
    fetch_inputs(job.reading, job.joint, s, piece.image, turn, x, inputs_of(piece.unit + 1), rings.x.ring);
    for (int v = 0; v < turn.count; ++v) {
      auto ahead =
          NextVector{job.joint, next, first + v}.lines(map.data, map.stride, s.height, s.width, inputs_of);
      const int vector = turn.first + v, at = v * rings.x.ring.row_size;
      Statistics* of = sums + vector * job.kinds();
      for (int oh = units.outputs(piece.unit); oh < units.outputs(piece.unit + 1); ++oh) {
        job.branches.for_sets([&]<int B>(int first_of_set) HWY_ATTR {
          add_row<KW, B>(job, vector, first_of_set, rings.taps[oh], at, of, ahead);
        });
        add_middle_row(rings.pixels(oh * kStride, at), s.out_width(), of[job.branches.count]);
        end_row(job, std::min(kLanes, s.channels - vector * kLanes), last_image && oh + 1 == s.out_height(),
                of);
      }
      ahead.ask_rest();
    }
  });
}

/// Images begin .. end; total: the moments of [branches + 1, padded channels].
template <int KW>
void add_images(const Branches& job, std::int64_t begin, std::int64_t end, RunningMoments& total) {
  const auto& s = job.s;
  Scratch scratch;
  const int channels = padded(s.channels), all_vectors = channels / kLanes;
  const OutputUnits units(s);
  const int vectors = vectors_of_a_group(s.channels, units.seen() * (s.width + KW), kSecondLevel,
                                         vectors_of_a_line(job.reading.x.data.type()));
  const Pieces pieces(s.channels, vectors, units.count(), units.rows * s.out_width(), kBandRows);
  BranchRings rings(scratch, s, units.seen(), pieces.held());
  auto* sums = scratch.take<Statistics>(std::int64_t(all_vectors) * job.kinds());
  for (int v = 0; v < all_vectors; ++v)
    for (int b = 0; b < job.kinds(); ++b) {
      float* band = scratch.zeros<float>(3 * kLanes);
      const std::int64_t at = std::int64_t(b) * channels + v * kLanes;
      sums[v * job.kinds() + b] = {
          .band = {band, band + kLanes, band + 2 * kLanes},
          .total = {.count = 0, .mean = total.mean + at, .squares = total.squares + at}};
    }
  int x = 0;
  pieces.each(begin, end, s.images, [&](const Piece& piece, const Piece* next) {
    add_piece<KW>(job, rings, units, piece, next, piece.image + 1 == end, x, sums);
  });
  total.count = sums[0].total.count;
}

}  // namespace

void branch_moments_here(const Depthwise& shape, const Source& x, std::span<const float* const> branches,
                         float* centre, double* mean, double* variance, const ForEach& each) {
  Scratch scratch;
  take_centre(x, std::int64_t(shape.images) * shape.height * shape.width, shape.channels, centre);
  const JointImages joint(shape.channels, shape.images);
  const Depthwise s = joint.shape(shape);
  const PackedBranches all(scratch, joint, s, branches.size(), [&](int b) { return branches[b]; });
  const Branches job{
      joint, s, {scratch, joint.source(scratch, x), s.channels, joint.repeated(scratch, centre)}, all};
  const Ranges chunks(s.images, 1);
  const int channels = padded(s.channels) * job.kinds();
  double *means = scratch.zeros<double>(channels), *squares = scratch.zeros<double>(channels);
  ChunkMoments parts(scratch, chunks, channels, {means, squares});
  const auto images = for_width(s.kernel_width, []<int KW>() { return add_images<KW>; });
  each(chunks.count, [&](std::int64_t i) { images(job, chunks.begin(i), chunks.end(i), parts.of(i)); });
  parts.finish();
  const double outputs = double(s.images) * s.out_height() * s.out_width();
  for (int b = 0; b < job.kinds(); ++b)
    for (int c = 0; c < shape.channels; ++c) {
      const double *of = means + b * padded(s.channels), *squares_of = squares + b * padded(s.channels);
      const double middle = joint.sum(c, [&](int of_image) { return of[of_image]; }) / joint.images();
      mean[b * shape.channels + c] = middle;
      variance[b * shape.channels + c] = joint.sum(c, [&](int of_image) {
        const double apart = of[of_image] - middle;
        return squares_of[of_image] / outputs + apart * apart;
      }) / joint.images();
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(branch_moments_here);

void branch_moments(const Depthwise& shape, const Source& x, std::span<const float* const> branches,
                    float* centre, double* mean, double* variance, const ForEach& each) {
  HWY_DYNAMIC_DISPATCH(branch_moments_here)(shape, x, branches, centre, mean, variance, each);
}

}  // namespace ablate::kernels
#endif
