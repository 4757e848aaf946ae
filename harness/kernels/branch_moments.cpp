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
  Depthwise s;
  Reading reading;  // with the centre
  const PackedBranches& branches;
};

/// The sums of one branch and vector: of the current band, and the moments of those before.
struct Statistics {
  BandMoments band;
  std::int64_t pixels = 0;
  RunningMoments total;
};

/// A row of one vector of what some branches give, to their sums.
template <int KW, int S, int B>
HWY_INLINE void add_row(const Branches& job, int vector, const int* branches, const Taps& taps,
                        Statistics* sums) {
  const int width = job.s.out_width();
  const float* weights[B];
  for (int b = 0; b < B; ++b) {
    weights[b] = job.branches.of(vector, branches[b]);
    auto& of = sums[branches[b]];
    if (of.pixels == 0) {
      Vector middle[1];
      convolve<KW, S>(taps, width / 2 * S * kLanes, weights[b], middle);
      hn::Store(middle[0], kFloats, of.band.at);
      hn::Store(all(0), kFloats, of.band.sum);
      hn::Store(all(0), kFloats, of.band.square);
    }
    of.pixels += width;
  }
  for_blocks<4>(width, [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    Vector y[B][P];
    convolve_all<KW, S>(taps, w * S * kLanes, weights, y);
    for (int b = 0; b < B; ++b) add_values(sums[branches[b]].band, 0, y[b]);
  });
}

/// One vector of a piece; sums [branches].
template <int KW, int S>
HWY_NOINLINE void add_vector(const Branches& job, const BranchRings& rings, const Piece& piece, int v,
                             const Piece* next, Statistics* sums, bool last) {
  const auto& s = job.s;
  const int vector = piece.group.first + v, count = std::min(kLanes, s.channels - vector * kLanes);
  rings.x.surround(job.reading.centre + vector * kLanes, 1);
  int x = 0;
  for (int oh = 0; oh < s.out_height(); ++oh) {
    rings.fetch(job.reading, piece, v, next, x, oh * S - s.kernel_height / 2 + s.kernel_height);
    job.branches.for_sets(false, [&]<int B>(const int* branches) HWY_ATTR {
      add_row<KW, S, B>(job, vector, branches, rings.taps[oh], sums);
    });
    job.branches.for_sets(true, [&]<int B>(const int* branches) HWY_ATTR {
      add_row<1, S, B>(job, vector, branches, rings.points[oh], sums);
    });
    for (int b = 0; b < job.branches.count; ++b) {
      if (sums[b].pixels < kBandRows && !(last && oh + 1 == s.out_height())) continue;
      add_band(sums[b].total, sums[b].band, double(sums[b].pixels), count);
      sums[b].pixels = 0;
    }
  }
}

/// Images begin .. end; total: the moments of [branches, padded channels].
template <int KW, int S>
void add_images(const Branches& job, std::int64_t begin, std::int64_t end, RunningMoments& total) {
  const auto& s = job.s;
  Scratch scratch;
  const int channels = padded(s.channels), vectors = channels / kLanes;
  const BranchRings rings(scratch, s, s.kernel_height);
  auto* sums = scratch.take<Statistics>(std::int64_t(vectors) * job.branches.count);
  for (int v = 0; v < vectors; ++v)
    for (int b = 0; b < job.branches.count; ++b) {
      float* band = scratch.take<float>(3 * kLanes);
      const std::int64_t at = std::int64_t(b) * channels + v * kLanes;
      sums[v * job.branches.count + b] = {
          .band = {band, band + kLanes, band + 2 * kLanes},
          .total = {.count = 0, .mean = total.mean + at, .squares = total.squares + at}};
    }
  const int size = int(bytes_of(job.reading.x.data.type())) * kLanes;
  const Pieces pieces(s.channels, 1, s.height * s.width * size, 1,
                      vectors_of_a_line(job.reading.x.data.type()));
  pieces.each(begin, end, s.images, [&](const Piece& piece, const Piece* next, bool last) {
    for (int v = 0; v < piece.group.count; ++v)
      add_vector<KW, S>(job, rings, piece, v, next, sums + (piece.group.first + v) * job.branches.count,
                        last);
  });
  total.count = sums[0].total.count;
}

}  // namespace

void branch_moments_here(const Depthwise& s, const Source& x, std::span<const DepthwiseBranch> branches,
                         float* centre, double* mean, double* variance, const ForEach& each) {
  Scratch scratch;
  take_centre(x, std::int64_t(s.images) * s.height * s.width, s.channels, centre);
  const auto all = packed(scratch, s, branches.size(), [&](int b) { return branches[b]; });
  const Branches job{s, {scratch, x, s.channels, centre}, all};
  const Ranges chunks(s.images, 1);
  const int channels = padded(s.channels) * all.count;
  double *means = scratch.zeros<double>(channels), *squares = scratch.zeros<double>(channels);
  ChunkMoments parts(scratch, chunks, channels, {means, squares});
  const auto images = for_kernel(s.kernel_width, s.stride, []<int KW, int S>() { return add_images<KW, S>; });
  each(chunks.count, [&](std::int64_t i) { images(job, chunks.begin(i), chunks.end(i), parts.of(i)); });
  parts.finish();
  const double outputs = double(s.images) * s.out_height() * s.out_width();
  for (int b = 0; b < all.count; ++b)
    for (int c = 0; c < s.channels; ++c) {
      mean[b * s.channels + c] = means[b * padded(s.channels) + c];
      variance[b * s.channels + c] = squares[b * padded(s.channels) + c] / outputs;
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
