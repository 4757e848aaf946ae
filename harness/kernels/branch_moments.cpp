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
};

/// The sums of one branch and vector: of the current band, and the moments of those before.
struct Statistics {
  BandMoments band;
  std::int64_t pixels = 0;
  RunningMoments total;
};

/// A row of one vector of what some branches give, to their sums; at: where the vector is in rows of the
/// ring.
template <int KW, int B>
HWY_INLINE void add_row(const Branches& job, int vector, const int* branches, const Taps& taps,
                        std::int64_t at, Statistics* sums, LinesAhead& ahead) {
  const int width = job.s.out_width();
  const float* weights[B];
  for (int b = 0; b < B; ++b) {
    weights[b] = job.branches.of(vector, branches[b]);
    auto& of = sums[branches[b]];
    if (of.pixels == 0) {
      Vector middle[1];
      convolve<KW, kStride>(taps, at + width / 2 * kStride * kLanes, weights[b], middle);
      hn::Store(middle[0], kFloats, of.band.at);
      hn::Store(all(0), kFloats, of.band.sum);
      hn::Store(all(0), kFloats, of.band.square);
    }
    of.pixels += width;
  }
  for_blocks<4>(width, [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    ahead.ask<P * kStride * kStride>();
    Vector y[B][P];
    convolve_all<KW>(taps, at + w * kStride * kLanes, weights, y);
    for (int b = 0; b < B; ++b) add_values(sums[branches[b]].band, 0, y[b]);
  });
}

/// Ends the bands that are long enough after a row of one vector, or all if it is the last row; sums
/// [branches].
void end_row(const Branches& job, int count, bool last, Statistics* sums) {
  for (int b = 0; b < job.branches.count; ++b) {
    if (sums[b].pixels < kBandRows && !last) continue;
    add_band(sums[b].total, sums[b].band, double(sums[b].pixels), count);
    sums[b].pixels = 0;
  }
}

/// A piece, of which rows up to x are in the ring; sums [vectors, branches] of all.
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
      Statistics* of = sums + vector * job.branches.count;
      for (int oh = units.outputs(piece.unit); oh < units.outputs(piece.unit + 1); ++oh) {
        job.branches.for_sets(false, [&]<int B>(const int* branches) HWY_ATTR {
          add_row<KW, B>(job, vector, branches, rings.taps[oh], at, of, ahead);
        });
        job.branches.for_sets(true, [&]<int B>(const int* branches) HWY_ATTR {
          add_row<1, B>(job, vector, branches, rings.points[oh], at, of, ahead);
        });
        end_row(job, std::min(kLanes, s.channels - vector * kLanes), last_image && oh + 1 == s.out_height(),
                of);
      }
      ahead.ask_rest();
    }
  });
}

/// Images begin .. end; total: the moments of [branches, padded channels].
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
  auto* sums = scratch.take<Statistics>(std::int64_t(all_vectors) * job.branches.count);
  for (int v = 0; v < all_vectors; ++v)
    for (int b = 0; b < job.branches.count; ++b) {
      float* band = scratch.take<float>(3 * kLanes);
      const std::int64_t at = std::int64_t(b) * channels + v * kLanes;
      sums[v * job.branches.count + b] = {
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

void branch_moments_here(const Depthwise& shape, const Source& x, std::span<const DepthwiseBranch> branches,
                         float* centre, double* mean, double* variance, const ForEach& each) {
  Scratch scratch;
  take_centre(x, std::int64_t(shape.images) * shape.height * shape.width, shape.channels, centre);
  const JointImages joint(shape.channels, shape.images);
  const Depthwise s = joint.shape(shape);
  const auto all =
      packed(scratch, s, branches.size(), [&](int b) { return repeated(scratch, joint, s, branches[b]); });
  const Branches job{
      joint, s, {scratch, joint.source(scratch, x), s.channels, joint.repeated(scratch, centre)}, all};
  const Ranges chunks(s.images, 1);
  const int channels = padded(s.channels) * all.count;
  double *means = scratch.zeros<double>(channels), *squares = scratch.zeros<double>(channels);
  ChunkMoments parts(scratch, chunks, channels, {means, squares});
  const auto images = for_width(s.kernel_width, []<int KW>() { return add_images<KW>; });
  each(chunks.count, [&](std::int64_t i) { images(job, chunks.begin(i), chunks.end(i), parts.of(i)); });
  parts.finish();
  const double outputs = double(s.images) * s.out_height() * s.out_width();
  for (int b = 0; b < all.count; ++b)
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

void branch_moments(const Depthwise& shape, const Source& x, std::span<const DepthwiseBranch> branches,
                    float* centre, double* mean, double* variance, const ForEach& each) {
  HWY_DYNAMIC_DISPATCH(branch_moments_here)(shape, x, branches, centre, mean, variance, each);
}

}  // namespace ablate::kernels
#endif
