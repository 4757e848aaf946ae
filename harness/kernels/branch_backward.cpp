#include "harness/kernels/branches.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/branch_backward.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/branch_rows-inl.h"
#include "harness/kernels/input_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// The factors of a branch's gradient in whole vectors.
struct Factors {
  const float *c1, *c2, *c3;
};

/// What all chunks share.
struct Backward {
  Depthwise s;
  Reading reading;  // with the centre
  GradientIn dz;
  const PackedBranches& branches;
  const Factors* factors;  // [branches]
  GradientOut dx;          // centre in whole vectors
  bool wants_dx, wants_dw, stream;
};

/// What one chunk works with.
struct BackwardChunk {
  int unit;  // rows of outputs that are worked on together
  const BranchRings& rings;
  const BranchRows* branches;
  const BackRows *back, *points;  // [height]: of the branches with a whole kernel, and of the others
  int halo;                       // of the gradients' rows
  float* dz;                      // a row [output columns, kLanes]
  float* dw;                      // of the band [vectors, all taps, kLanes]
  BandGradients sums;             // of the band [padded C]
};

/// A row of one vector of the gradients of some branches.
template <int KW, int S, int B>
HWY_INLINE void gradient_row(const Backward& job, const BackwardChunk& chunk, int vector, const int* branches,
                             const Taps& taps, int oh) {
  const float* weights[B];
  float* d[B];
  for (int b = 0; b < B; ++b) {
    const auto& ring = chunk.branches[branches[b]].d;
    weights[b] = job.branches.of(vector, branches[b]);
    d[b] = ring.row(oh) + ring.halo * kLanes;
  }
  for_blocks<4>(job.s.out_width(), [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    Vector y[B][P];
    convolve_all<KW, S>(taps, w * S * kLanes, weights, y);
    HWY_UNROLL(3)
    for (int b = 0; b < B; ++b) {
      const auto& factors = job.factors[branches[b]];
      const Vector c1 = hn::Load(kFloats, factors.c1 + vector * kLanes);
      const Vector c2 = hn::Load(kFloats, factors.c2 + vector * kLanes);
      const Vector c3 = hn::Load(kFloats, factors.c3 + vector * kLanes);
      HWY_UNROLL(4)
      for (int p = 0; p < P; ++p) {
        const Vector dz = hn::Load(kFloats, chunk.dz + (w + p) * kLanes);
        hn::Store(hn::MulAdd(c1, dz, hn::MulAdd(c2, y[b][p], c3)), kFloats, d[b] + (w + p) * kLanes);
      }
    }
  });
}

/// Row h of one vector of dx, and where all remainders of the stride are inside, pixels of all of them at
/// once: each alone would wait for its own sums.
template <int KW, int S>
HWY_INLINE void input_pixels(const Backward& job, const BackwardChunk& chunk, int h, const float* weights,
                             const InputRow& to) {
  const int whole = job.s.width / S;
  for_blocks<8>(whole, [&]<int P>(Pixels<P>, int i) HWY_ATTR {
    Vector part[S][P];
    unrolled<S * P>([&](auto p) HWY_ATTR __attribute__((always_inline)) { part[p / P][p % P] = all(0); });
    const std::int64_t at = (chunk.halo + i) * kLanes;
    add_back_all<KW, S>(chunk.back[h], at, weights, part);
    add_back_all<1, S>(chunk.points[h], at, weights, part);
    unrolled<S>([&](auto first) HWY_ATTR
                __attribute__((always_inline)) { to.store<S>(first + i * S, part[first]); });
  });
  if (job.s.width % S == 0) return;
  Vector part[1] = {all(0)};
  const std::int64_t at = (chunk.halo + whole) * kLanes;
  add_back<KW, S, 0>(chunk.back[h], at, weights, part);
  add_back<1, S, 0>(chunk.points[h], at, weights, part);
  to.store<S>(whole * S, part);
}

/// The gradients of all branches, output rows begin .. end of one vector, and of their weights.
template <int KW, int S>
HWY_INLINE void gradient_rows(const Backward& job, const BackwardChunk& chunk, const Piece& piece, int vector,
                              const Piece* next, int begin, int end) {
  const auto& s = job.s;
  const int c = vector * kLanes, count = std::min(kLanes, s.channels - c);
  for (int oh = begin; oh < end; ++oh) {
    fetch_gradient(job.dz, (piece.image * s.out_height() + oh) * s.out_width(), s.out_width(), c, count,
                   chunk.dz);
    const PlaceAhead ahead(piece, vector - piece.group.first, next, oh, s.out_height(), s.out_width());
    if (ahead.any)
      ask_for(job.dz.dz, job.dz.stride, ahead.pixel(s.out_height(), s.out_width()), s.out_width(),
              ahead.vector * kLanes);
    job.branches.for_sets(false, [&]<int B>(const int* branches) HWY_ATTR {
      gradient_row<KW, S, B>(job, chunk, vector, branches, chunk.rings.taps[oh], oh);
    });
    job.branches.for_sets(true, [&]<int B>(const int* branches) HWY_ATTR {
      gradient_row<1, S, B>(job, chunk, vector, branches, chunk.rings.points[oh], oh);
    });
  }
  for (int b = 0; job.wants_dw && b < job.branches.count; ++b) {
    const auto& rows = chunk.branches[b];
    const int at = chunk.halo * kLanes;
    float* sums = chunk.dw + (vector * job.branches.all() + job.branches.first[b]) * kLanes;
    if (job.branches.points[b])
      add_all_products<1, S, 1, false>(rows.products + begin, end - begin, 1, 0, at, s.out_width(), sums);
    else
      add_all_products<KW, S, 1, false>(rows.products + begin, end - begin, s.kernel_height, 0, at,
                                        s.out_width(), sums);
  }
}

/// One vector of a piece.
template <int KW, int S>
HWY_NOINLINE void backward_vector(const Backward& job, const BackwardChunk& chunk, const Piece& piece, int v,
                                  const Piece* next) {
  const auto& s = job.s;
  const int vector = piece.group.first + v, pad = s.kernel_height / 2;
  const GradientRead dx(job.dx, job.stream);
  chunk.rings.x.surround(job.reading.centre + vector * kLanes, 1);
  for (int oh = 0, x = 0, h = 0; oh < s.out_height(); oh += chunk.unit) {
    const int end = std::min(s.out_height(), oh + chunk.unit);
    chunk.rings.fetch(job.reading, piece, v, next, x, (end - 1) * S - pad + s.kernel_height);
    gradient_rows<KW, S>(job, chunk, piece, vector, next, oh, end);
    const int complete = end == s.out_height() ? s.height : std::min(s.height, end * S - pad);
    for (; job.wants_dx && h < complete; ++h) {
      input_pixels<KW, S>(job, chunk, h, job.branches.of(vector),
                          InputRow(job.reading, job.dx, chunk.sums, s.channels,
                                   (piece.image * s.height + h) * s.width, vector * kLanes, job.stream));
      if (const PlaceAhead ahead(piece, v, next, h, s.height, s.width); ahead.any)
        ask_for(dx.data, dx.stride, ahead.pixel(s.height, s.width), s.width, ahead.vector * kLanes);
    }
  }
}

/// Images begin .. end; total_dw [vectors, all taps, kLanes], total_sums [2, C].
template <int KW, int S>
void backward_images(const Backward& job, std::int64_t begin, std::int64_t end, double* total_dw,
                     double* total_sums) {
  constexpr int kPixels = 64;  // that are summed in registers
  const auto& s = job.s;
  Scratch scratch;
  const int unit = std::clamp(kPixels / s.out_width(), 1, s.out_height());
  const BranchRings rings(scratch, s, (unit - 1) * S + s.kernel_height);
  auto* branches = scratch.take<BranchRows>(job.branches.count);
  for (int b = 0; b < job.branches.count; ++b)
    branches[b] = BranchRows(scratch, s, job.branches.points[b], rings, unit + s.kernel_height);
  const auto back_rows = [&](bool points) {
    auto* back = scratch.take<BackRows>(s.height);
    for (int h = 0; h < s.height; ++h) {
      const int most = job.branches.count * s.kernel_height;
      back[h] = {scratch.take<const float*>(most), scratch.take<int>(most)};
      for (int b = 0; b < job.branches.count; ++b) {
        if (job.branches.points[b] != points) continue;
        if (!points)
          branches[b].add_back_rows(s, h, job.branches.first[b], back[h]);
        else if (h % S == 0)
          back[h].add(branches[b].d.row(h / S), job.branches.first[b]);
      }
    }
    return back;
  };
  const BackwardChunk chunk{
      .unit = unit,
      .rings = rings,
      .branches = branches,
      .back = back_rows(false),
      .points = back_rows(true),
      .halo = KW / 2,
      .dz = scratch.take<float>(std::int64_t(s.out_width()) * kLanes),
      .dw = scratch.zeros<float>(padded(s.channels) * job.branches.all()),
      .sums = {scratch.zeros<float>(padded(s.channels)), scratch.zeros<float>(padded(s.channels))}};
  const int size = int(bytes_of(job.reading.x.data.type())) * kLanes;
  const Pieces pieces(s.channels, 1, s.height * s.width * (2 * size + size / (S * S)), 1,
                      vectors_of_a_line(job.reading.x.data.type()));
  std::int64_t pixels = 0;
  pieces.each(begin, end, s.images, [&](const Piece& piece, const Piece* next, bool last) {
    const auto& group = piece.group;
    for (int v = 0; v < group.count; ++v) backward_vector<KW, S>(job, chunk, piece, v, next);
    pixels += std::int64_t(s.height) * s.width;
    if (pixels < kBandRows && !last) return;
    pixels = 0;
    const int c = group.first * kLanes;
    if (job.dx.sum)
      add_band(total_sums + c, s.channels, {chunk.sums.sum + c, chunk.sums.dot + c},
               std::min(group.count * kLanes, s.channels - c));
    const std::int64_t all = job.branches.all();
    for (std::int64_t i = c * all; job.wants_dw && i < (c + group.count * kLanes) * all; ++i)
      total_dw[i] += chunk.dw[i], chunk.dw[i] = 0;
  });
  if (job.stream) hwy::FlushStream();
}

/// A branch's dw from sums [vectors, all taps, kLanes].
void give_weights(const Backward& job, const double* sums, int b, float* dw) {
  const std::int64_t all = job.branches.all();
  const int taps = job.branches.taps(b);
  for (int c = 0; c < job.s.channels; ++c)
    for (int t = 0; t < taps; ++t)
      dw[std::int64_t(c) * taps + t] =
          static_cast<float>(sums[(c / kLanes * all + job.branches.first[b] + t) * kLanes + c % kLanes]);
}

}  // namespace

void branch_backward_here(const Depthwise& s, ConstValues dz, std::int64_t dz_stride, const Source& x,
                          const float* centre, std::span<const BranchGradient> branches,
                          const GradientOut& dx, const ForEach& each) {
  Scratch scratch;
  const Ranges chunks(s.images, 1);
  const ChunkGradients sums(scratch, chunks, s.channels, dx);
  const auto all = packed(scratch, s, branches.size(), [&](int b) { return branches[b].branch; });
  auto* factors = scratch.take<Factors>(all.count);
  Backward job{.s = s,
               .reading = {scratch, x, s.channels, centre},
               .dz = {.dz = dz, .stride = dz_stride},
               .branches = all,
               .factors = factors,
               .dx = dx,
               .wants_dx = dx.data || dx.sum,
               .wants_dw = false,
               .stream = dx.data && streams(dx.data, dx.stride, std::int64_t(s.images) * s.height * s.width,
                                            s.channels)};
  for (int b = 0; b < all.count; ++b) {
    factors[b] = {pad(scratch, branches[b].c1, s.channels), pad(scratch, branches[b].c2, s.channels),
                  pad(scratch, branches[b].c3, s.channels)};
    job.wants_dw |= branches[b].dw != nullptr;
  }
  if (dx.sum) job.dx.centre = pad(scratch, dx.centre, s.channels);
  const std::int64_t size = job.wants_dw ? padded(s.channels) * all.all() : 0;
  double* parts = scratch.zeros<double>(chunks.count * size);
  const auto images =
      for_kernel(s.kernel_width, s.stride, []<int KW, int S>() { return backward_images<KW, S>; });
  each(chunks.count,
       [&](std::int64_t i) { images(job, chunks.begin(i), chunks.end(i), parts + i * size, sums.of(i)); });
  sums.finish();
  for (std::int64_t i = 1; i < chunks.count; ++i)
    for (std::int64_t at = 0; at < size; ++at) parts[at] += parts[i * size + at];
  for (int b = 0; b < all.count; ++b)
    if (branches[b].dw) give_weights(job, parts, b, branches[b].dw);
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(branch_backward_here);

void branch_backward(const Depthwise& shape, ConstValues dz, std::int64_t dz_stride, const Source& x,
                     const float* centre, std::span<const BranchGradient> branches, const GradientOut& dx,
                     const ForEach& each) {
  HWY_DYNAMIC_DISPATCH(branch_backward_here)(shape, dz, dz_stride, x, centre, branches, dx, each);
}

}  // namespace ablate::kernels
#endif
