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

/// What all chunks share.
struct Backward {
  JointImages joint;
  Depthwise s;      // of joint images
  Reading reading;  // with the centre
  GradientIn dz;
  const PackedBranches& branches;
  const Factors* factors;  // [branches]
  Factors middle;
  GradientOut dx;  // centre in whole vectors
  bool wants_dx, wants_dw, stream;
};

/// What one chunk works with.
struct BackwardChunk {
  OutputUnits units;
  BranchRings& rings;
  const BranchRows* branches;
  const BackRows* back;  // [height]
  Ring dz;               // of a unit's rows, and those before whose middle is in its rows of dx
  float* dw;             // of the band [vectors, all taps, kLanes]
  BandGradients sums;    // of the band [padded C]
};

/// One vector of a piece.
struct VectorOf {
  const BackwardChunk& chunk;
  int vector, turn;  // of all, and of those in the rings

  std::int64_t in_x() const { return std::int64_t(turn) * chunk.rings.x.ring.row_size; }
  std::int64_t in_dz() const { return std::int64_t(turn) * chunk.dz.row_size; }
  /// From where a row of the ring begins, its halo included.
  std::int64_t in_d() const { return std::int64_t(turn) * chunk.branches[0].d.row_size; }
  int halo() const { return chunk.branches[0].d.halo; }
};

/// A row of one vector of the gradients of branches first .. first + B.
template <int KW, int B>
HWY_INLINE void gradient_row(const Backward& job, const VectorOf& of, int first, const Taps& taps, int oh,
                             BackwardAhead& ahead) {
  const auto& chunk = of.chunk;
  const int vector = of.vector;
  const float* row = chunk.dz.row(oh) + of.in_dz();
  const float* weights[B];
  float* d[B];
  for (int b = 0; b < B; ++b) {
    weights[b] = job.branches.of(vector, first + b);
    d[b] = chunk.branches[first + b].d.row(oh) + of.in_d() + of.halo() * kLanes;
  }
  for_blocks<4>(job.s.out_width(), [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    ahead.x.ask<P * kStride * kStride>();
    ahead.dz.ask<P>();
    Vector y[B][P];
    convolve_all<KW>(taps, of.in_x() + w * kStride * kLanes, weights, y);
    HWY_UNROLL(3)
    for (int b = 0; b < B; ++b) {
      const auto& factors = job.factors[first + b];
      const Vector c1 = hn::Load(kFloats, factors.c1 + vector * kLanes);
      const Vector c2 = hn::Load(kFloats, factors.c2 + vector * kLanes);
      const Vector c3 = hn::Load(kFloats, factors.c3 + vector * kLanes);
      HWY_UNROLL(4)
      for (int p = 0; p < P; ++p) {
        const Vector dz = hn::Load(kFloats, row + (w + p) * kLanes);
        hn::Store(hn::MulAdd(c1, dz, hn::MulAdd(c2, y[b][p], c3)), kFloats, d[b] + (w + p) * kLanes);
      }
    }
  });
}

/// What row h of one vector of dx gets besides as the middle of kernels.
MiddleRow middle_row(const Backward& job, const VectorOf& of, int h) {
  if (!job.middle.c1 || h % kStride != 0) return {};
  return {job.middle, of.vector, of.chunk.dz.row(h / kStride) + of.in_dz(),
          of.chunk.rings.pixels(h, of.in_x())};
}

/// Row h of one vector of dx, and where all remainders of the stride are inside, pixels of all of them at
/// once: each alone would wait for its own sums.
template <int KW>
HWY_INLINE void input_pixels(const Backward& job, const VectorOf& of, int h, const InputRow& to,
                             BackwardAhead& ahead) {
  const auto& back = of.chunk.back[h];
  const MiddleRow middle = middle_row(job, of, h);
  const float* weights = job.branches.of(of.vector);
  const std::int64_t first = of.in_d() + of.halo() * kLanes;
  const int whole = job.s.width / kStride;
  for_blocks<8>(whole, [&]<int P>(Pixels<P>, int i) HWY_ATTR {
    ahead.dx.ask<P * kStride>();
    Vector part[kStride][P];
    unrolled<kStride * P>([&](auto p) HWY_ATTR
                          __attribute__((always_inline)) { part[p / P][p % P] = all(0); });
    const std::int64_t at = first + i * kLanes;
    add_back_all<KW>(back, at, weights, part);
    middle.add(i, part[0]);
    unrolled<kStride>([&](auto rest) HWY_ATTR
                      __attribute__((always_inline)) { to.store<kStride>(rest + i * kStride, part[rest]); });
  });
  if (job.s.width % kStride == 0) return;
  Vector part[1] = {all(0)};
  const std::int64_t at = first + whole * kLanes;
  add_back<KW, kStride, 0>(back, at, weights, part);
  middle.add(whole, part);
  to.store<kStride>(whole * kStride, part);
}

/// The gradients of all branches, output rows begin .. end of one vector, and of their weights.
template <int KW>
HWY_INLINE void gradient_rows(const Backward& job, const VectorOf& of, int begin, int end,
                              BackwardAhead& ahead) {
  const auto& chunk = of.chunk;
  for (int oh = begin; oh < end; ++oh)
    job.branches.for_sets([&]<int B>(int first) HWY_ATTR {
      gradient_row<KW, B>(job, of, first, chunk.rings.taps[oh], oh, ahead);
    });
  for (int b = 0; job.wants_dw && b < job.branches.count; ++b) {
    const ProductRow* rows = chunk.branches[b].products + begin;
    const RingValues d{of.in_d() + of.halo() * kLanes};
    const int width = job.s.out_width(), count = end - begin;
    float* sums = chunk.dw + (of.vector * job.branches.all() + job.branches.first(b)) * kLanes;
    add_all_products<KW, kStride, false>(rows, count, job.s.kernel_height, of.in_x(), d, width, sums);
  }
}

/// What the next piece needs.
BackwardAhead ahead_of(const Backward& job, const OutputUnits& units, const NextVector& next) {
  const auto& s = job.s;
  const GradientRead dx(job.dx, job.stream);
  return {.x = next.lines(job.reading.x.data, job.reading.x.stride, s.height, s.width,
                          [&](int before) { return units.inputs(before); }),
          .dz = next.lines(job.dz.dz, job.dz.stride, s.out_height(), s.out_width(),
                           [&](int before) { return units.outputs(before); }),
          .dx = next.lines(dx.data, dx.stride, s.height, s.width,
                           [&](int before) { return units.complete(before); })};
}

/// A piece, of which rows up to x are in the rings.
template <int KW>
HWY_NOINLINE void backward_piece(const Backward& job, const BackwardChunk& chunk, const Piece& piece,
                                 const Piece* next, int& x) {
  const auto& s = job.s;
  const int begin = chunk.units.outputs(piece.unit), end = chunk.units.outputs(piece.unit + 1);
  piece.for_turns(chunk.dz.vectors, [&](const Group& turn, int first) HWY_ATTR {
    if (piece.unit == 0) x = 0, chunk.rings.x.surround(job.reading.centre + turn.first * kLanes, turn.count);
    fetch_inputs(job.reading, job.joint, s, piece.image, turn, x, chunk.units.inputs(piece.unit + 1),
                 chunk.rings.x.ring);
    int dz = begin;
    fetch_gradients(job.dz, job.joint, piece.image, s.out_height(), s.out_width(), turn, dz, end, chunk.dz);
    for (int v = 0; v < turn.count; ++v) {
      auto ahead = ahead_of(job, chunk.units, {job.joint, next, first + v});
      const VectorOf of{chunk, turn.first + v, v};
      gradient_rows<KW>(job, of, begin, end, ahead);
      for (int h = chunk.units.complete(piece.unit); job.wants_dx && h < chunk.units.complete(piece.unit + 1);
           ++h)
        input_pixels<KW>(
            job, of, h,
            InputRow(job.reading, job.dx, chunk.sums, job.joint, s, piece.image, h, of.vector, job.stream),
            ahead);
      ahead.ask_rest();
    }
  });
}

/// Images begin .. end; total_dw [vectors, all taps, kLanes], total_sums [2, C].
template <int KW>
void backward_images(const Backward& job, std::int64_t begin, std::int64_t end, double* total_dw,
                     double* total_sums) {
  const auto& s = job.s;
  Scratch scratch;
  const OutputUnits units(s);
  const int d_slots = units.rows + s.kernel_height;
  const int columns =
      units.seen() * (s.width + KW) + (job.branches.count + 1) * d_slots * (s.out_width() + KW);
  const int vectors =
      vectors_of_a_group(s.channels, columns, kSecondLevel, vectors_of_a_line(job.reading.x.data.type()));
  const Pieces pieces(s.channels, vectors, units.count(), units.rows * s.out_width() * kStride * kStride,
                      kBandRows);
  BranchRings rings(scratch, s, units.seen(), pieces.held());
  auto* branches = scratch.take<BranchRows>(job.branches.count);
  for (int b = 0; b < job.branches.count; ++b) branches[b] = BranchRows(scratch, s, rings, d_slots);
  const BackwardChunk chunk{
      .units = units,
      .rings = rings,
      .branches = branches,
      .back = back_rows(scratch, s, job.branches, branches),
      .dz = {scratch, d_slots, pieces.held(), s.out_width(), 0},
      .dw = scratch.zeros<float>(padded(s.channels) * job.branches.all()),
      .sums = {scratch.zeros<float>(padded(s.channels)), scratch.zeros<float>(padded(s.channels))}};
  int x = 0;
  pieces.each(begin, end, s.images, [&](const Piece& piece, const Piece* next) {
    backward_piece<KW>(job, chunk, piece, next, x);
    if (!piece.ends_band) return;
    const auto& group = piece.group;
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
  const int taps = job.branches.taps;
  for (int c = 0; c < job.joint.channels(); ++c)
    for (int t = 0; t < taps; ++t)
      dw[std::int64_t(c) * taps + t] = static_cast<float>(job.joint.sum(c, [&](int of) {
        return sums[(of / kLanes * all + job.branches.first(b) + t) * kLanes + of % kLanes];
      }));
}

}  // namespace

void branch_backward_here(const Depthwise& shape, ConstValues dz, std::int64_t dz_stride, const Source& x,
                          const float* centre, std::span<const BranchGradient> branches,
                          const MiddleGradient& middle, const GradientOut& wanted, const ForEach& each) {
  Scratch scratch;
  const JointImages joint(shape.channels, shape.images);
  const Depthwise s = joint.shape(shape);
  const GradientOut dx = joint.gradient(scratch, wanted);
  const Ranges chunks(s.images, 1);
  const ChunkGradients sums(scratch, chunks, s.channels, dx);
  const PackedBranches all(scratch, joint, s, branches.size(), [&](int b) { return branches[b].w; });
  auto* factors = scratch.take<Factors>(all.count);
  Backward job{.joint = joint,
               .s = s,
               .reading = {scratch, joint.source(scratch, x), s.channels, joint.repeated(scratch, centre)},
               .dz = {.dz = dz, .stride = dz_stride},
               .branches = all,
               .factors = factors,
               .middle = {},
               .dx = dx,
               .wants_dx = dx.data || dx.sum,
               .wants_dw = false,
               .stream = streams(dx, s)};
  const auto whole = [&](const auto& of) {
    const auto one = [&](const float* c) { return pad(scratch, joint.repeated(scratch, c), s.channels); };
    return Factors{one(of.c1), one(of.c2), one(of.c3)};
  };
  for (int b = 0; b < all.count; ++b) {
    factors[b] = whole(branches[b]);
    job.wants_dw |= branches[b].dw != nullptr;
  }
  if (middle.c1) job.middle = whole(middle);
  if (dx.sum) job.dx.centre = pad(scratch, dx.centre, s.channels);
  const std::int64_t size = job.wants_dw ? padded(s.channels) * all.all() : 0;
  double* parts = scratch.zeros<double>(chunks.count * size);
  const auto images = for_width(s.kernel_width, []<int KW>() { return backward_images<KW>; });
  each(chunks.count,
       [&](std::int64_t i) { images(job, chunks.begin(i), chunks.end(i), parts + i * size, sums.of(i)); });
  sums.finish();
  joint.add_sums(dx, wanted);
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
                     const float* centre, std::span<const BranchGradient> branches,
                     const MiddleGradient& middle, const GradientOut& dx, const ForEach& each) {
  HWY_DYNAMIC_DISPATCH(branch_backward_here)(shape, dz, dz_stride, x, centre, branches, middle, dx, each);
}

}  // namespace ablate::kernels
#endif
