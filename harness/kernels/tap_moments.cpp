#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/tap_moments.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/row_classes-inl.h"
#include "harness/kernels/tap_cells.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// So many outputs are summed in float: a multiple of what other sums take, for there are many more of them.
constexpr std::int64_t kBand = 2 * kBandRows;

/// What all chunks share.
struct Autoproducts {
  JointImages joint;  // of stacks
  Depthwise s;        // of joint images
  Reading reading;    // with the centre
  const TapCells& cells;

  int floats() const { return (cells.products() + cells.sums()) * kLanes; }  // of a vector
  int doubles() const { return int(cells.second.size() + std::size_t(cells.sums())) * kLanes; }
};

/// What one chunk works with: a ring of a group of vectors that holds what a unit sees.
struct MomentsChunk {
  MomentsChunk(Scratch& scratch, const Autoproducts& job, const StackUnits& of, int vectors)
      : s(job.s),
        units(of),
        x(scratch, units.held(), vectors, s.width, s.kernel_width - 1),
        beyond(scratch.zeros<float>(std::int64_t(vectors) * x.row_size)),
        near(scratch, units, job.cells.rows, job.cells.products_of_a_row(),
             [&](int image, int h) { return row(image, h); }),
        far(scratch, units, job.cells.far_rows, job.cells.far_columns.classes(),
            [&](int image, int h) { return row(image, h); }) {}

  ProductRow row(int image, int h) const {
    const std::int64_t at = std::int64_t(image) * s.height + h;
    ProductRow row{.x = {}, .d = x.row(at) + x.halo * kLanes};
    for (int k = 0; k < s.kernel_height; ++k) row.x[k] = h + k < s.height ? x.row(at + k) : beyond;
    return row;
  }

  Depthwise s;
  StackUnits units;
  Ring x;
  float* beyond;  // a row of zeros
  RowClasses near, far;
};

/// x' times what lies below and beside it, for a unit of so many images, to the cells of vector v of the
/// ring.
template <int KW>
HWY_INLINE void add_products_of(const TapCells& cells, const MomentsChunk& chunk, int unit, int images, int v,
                                float* sums, LinesAhead& ahead) {
  constexpr int kReach = 2 * KW - 1;
  const std::int64_t row = std::int64_t(v) * chunk.x.row_size;
  for (const auto& rows : chunk.near.of(unit)) {
    float* products = sums + rows.cells * kLanes;
    for (int c = 0; c < cells.columns.classes(); ++c, products += cells.kernel_height * kReach * kLanes) {
      const auto run = cells.columns.of_class(c);
      const std::int64_t at = row + run.first * kLanes;
      add_all_products<kReach, 1, true>(rows.rows, images * rows.count, rows.kernel_rows, at, RingValues{at},
                                        run.count, products, ahead);
    }
  }
}

/// x' by itself, likewise.
HWY_INLINE void add_sums_of(const TapCells& cells, const MomentsChunk& chunk, int unit, int images, int v,
                            float* sums) {
  const std::int64_t row = std::int64_t(v) * chunk.x.row_size;
  for (const auto& rows : chunk.far.of(unit)) {
    float* alone = sums + (cells.products() + rows.cells) * kLanes;
    for (int c = 0; c < cells.far_columns.classes(); ++c, alone += kLanes) {
      const auto run = cells.far_columns.of_class(c);
      Vector sum = hn::Load(kFloats, alone);
      for (int i = 0; i < images * rows.count; ++i) {
        const float* x = rows.rows[i].d + row + run.first * kLanes;
        for (int w = 0; w < run.count; ++w) sum = hn::Add(sum, hn::Load(kFloats, x + w * kLanes));
      }
      hn::Store(sum, kFloats, alone);
    }
  }
}

/// A piece, of which rows up to x are in the ring; sums: of its group.
template <int KW>
HWY_NOINLINE void add_piece(const Autoproducts& job, const MomentsChunk& chunk, const Piece& piece,
                            const Piece* next, int& x, float* sums) {
  const auto& units = chunk.units;
  const auto& map = job.reading.x;
  const auto stack = units.shape();
  const auto inputs_of_next = [&](int unit) { return units.inputs(next->image, unit); };
  const int images = units.images_of(piece.image);
  piece.for_turns(chunk.x.vectors, [&](const Group& turn, int first) HWY_ATTR {
    if (piece.unit == 0) x = 0;
    fetch_inputs(job.reading, job.joint, stack, piece.image, turn, x,
                 units.inputs(piece.image, piece.unit + 1), chunk.x);
    for (int v = 0; v < turn.count; ++v, sums += job.floats()) {
      auto ahead = NextVector{job.joint, next, first + v}.lines(map.data, map.stride, stack.height,
                                                                stack.width, inputs_of_next);
      add_products_of<KW>(job.cells, chunk, piece.unit, images, v, sums, ahead);
      ahead.ask_rest();
      add_sums_of(job.cells, chunk, piece.unit, images, v, sums);
    }
  });
}

/// Adds the cells of one vector to the products of taps and the sums, part [pairs + sums, kLanes], and clears
/// them.
void flush(const TapCells& cells, float* HWY_RESTRICT sums, double* HWY_RESTRICT part) {
  for (const auto& pair : cells.second) {
    Vector sum = all(0);
    for (const int cell : pair.products) sum = hn::Add(sum, hn::Load(kFloats, sums + cell * kLanes));
    HWY_ALIGN float lanes[kLanes];
    hn::Store(sum, kFloats, lanes);
    for (int l = 0; l < kLanes; ++l) part[l] += lanes[l];
    part += kLanes;
  }
  const float* alone = sums + cells.products() * kLanes;
  for (int i = 0; i < cells.sums() * kLanes; ++i) part[i] += alone[i];
  std::fill_n(sums, (cells.products() + cells.sums()) * kLanes, 0.0f);
}

/// Images begin .. end, the first of a stack; part [vectors, pairs + sums, kLanes].
template <int KW>
void add_images(const Autoproducts& job, std::int64_t begin, std::int64_t end, double* part) {
  const auto& s = job.s;
  Scratch scratch;
  const StackUnits units(s);
  const int columns = units.held() * (s.width + 2 * (KW - 1));
  const int vectors =
      vectors_of_a_group(s.channels, columns, kSecondLevel, vectors_of_a_line(job.reading.x.data.type()));
  const Pieces pieces(s.channels, vectors, units.count(), units.images * units.rows * s.width, kBand);
  const MomentsChunk chunk(scratch, job, units, pieces.held());
  float* band = scratch.zeros<float>(std::int64_t(padded(s.channels) / kLanes) * job.floats());
  int x = 0;
  pieces.each(begin / units.images, units.stacks(end), units.stacks(s.images),
              [&](const Piece& piece, const Piece* next) {
                float* sums = band + std::int64_t(piece.group.first) * job.floats();
                add_piece<KW>(job, chunk, piece, next, x, sums);
                for (int v = 0; piece.ends_band && v < piece.group.count; ++v)
                  flush(job.cells, sums + std::int64_t(v) * job.floats(),
                        part + std::int64_t(piece.group.first + v) * job.doubles());
              });
}

/// The sums of one vector of channels from c on, [pairs + sums, kLanes], from those of the joint channels.
const double* sums_of(Scratch& scratch, const Autoproducts& job, int c, const double* parts) {
  const std::int64_t size = job.doubles();
  if (job.joint.images() == 1) return parts + c / kLanes * size;
  double* sums = scratch.zeros<double>(size);
  for (int l = 0; l < std::min(kLanes, job.joint.channels() - c); ++l)
    for (std::int64_t i = 0; i < size; i += kLanes)
      sums[i + l] = job.joint.sum(
          c + l, [&](int channel) { return parts[channel / kLanes * size + i + channel % kLanes]; });
  return sums;
}

/// Mean and covariance of one vector of channels from c on; sums [pairs + sums, kLanes] of all images.
void finish(const Depthwise& s, const TapCells& cells, const double* HWY_RESTRICT sums, int c,
            const TapMoments& moments) {
  const int taps = cells.taps(), count = std::min(kLanes, s.channels - c);
  const double images = s.images, outputs = images * s.out_height() * s.out_width();
  const double* alone = sums + cells.second.size() * kLanes;
  Scratch scratch;
  double* mean = scratch.zeros<double>(std::int64_t(taps) * kLanes);  // of x_t less the centre
  HWY_ALIGN double centre[kLanes] = {};
  for (int l = 0; l < count; ++l) centre[l] = moments.centre[c + l];
  for (int t = 0; t < taps; ++t) {
    double* of = mean + t * kLanes;
    for (const int cell : cells.first[t].sums)
      for (int l = 0; l < kLanes; ++l) of[l] += alone[cell * kLanes + l];
    for (int l = 0; l < kLanes; ++l) of[l] = (of[l] - centre[l] * cells.first[t].outside * images) / outputs;
    for (int l = 0; l < count; ++l) moments.mean[std::int64_t(c + l) * taps + t] = centre[l] + of[l];
  }
  for (const auto& pair : cells.second) {
    HWY_ALIGN double one[kLanes] = {}, both[kLanes];
    for (const int cell : pair.alone)
      for (int l = 0; l < kLanes; ++l) one[l] += alone[cell * kLanes + l];
    for (int l = 0; l < kLanes; ++l)
      both[l] = (sums[l] - centre[l] * (one[l] - centre[l] * pair.outside * images)) / outputs -
                mean[pair.t * kLanes + l] * mean[pair.u * kLanes + l];
    for (int l = 0; l < count; ++l) {
      double* matrix = moments.covariance + std::int64_t(c + l) * taps * taps;
      matrix[pair.t * taps + pair.u] = matrix[pair.u * taps + pair.t] = both[l];
    }
    sums += kLanes;
  }
}

}  // namespace

void tap_moments_here(const Depthwise& shape, const Source& x, const TapMoments& moments,
                      const ForEach& each) {
  constexpr std::int64_t kLeastPixels = 1024;  // of a chunk: its sums are many
  Scratch scratch;
  const std::int64_t pixels = std::int64_t(shape.height) * shape.width;
  take_centre(x, shape.images * pixels, shape.channels, moments.centre);
  const TapCells cells(shape);
  const int stack = StackUnits(shape).images;
  const JointImages joint(shape.channels, shape.images % stack == 0 ? shape.images / stack : 1);
  const Depthwise s = joint.shape(shape);
  const Autoproducts job{
      joint,
      s,
      {scratch, joint.source(scratch, x), s.channels, joint.repeated(scratch, moments.centre)},
      cells};
  const Ranges chunks(s.images, (kLeastPixels + pixels - 1) / pixels, stack);
  const std::int64_t size = std::int64_t(padded(s.channels)) / kLanes * job.doubles();
  double* parts = scratch.zeros<double>(chunks.count * size);
  const auto images = for_width(s.kernel_width, []<int KW>() { return add_images<KW>; });
  each(chunks.count, [&](std::int64_t i) { images(job, chunks.begin(i), chunks.end(i), parts + i * size); });
  for (std::int64_t i = 1; i < chunks.count; ++i)
    for (std::int64_t at = 0; at < size; ++at) parts[at] += parts[i * size + at];
  for (int c = 0; c < shape.channels; c += kLanes) {
    Scratch inner;
    finish(shape, cells, sums_of(inner, job, c, parts), c, moments);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(tap_moments_here);

void tap_moments(const Depthwise& shape, const Source& x, const TapMoments& moments, const ForEach& each) {
  HWY_DYNAMIC_DISPATCH(tap_moments_here)(shape, x, moments, each);
}

}  // namespace ablate::kernels
#endif
