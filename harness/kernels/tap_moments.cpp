#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/tap_moments.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/tap_cells.h"
#include "harness/kernels/taps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// So many pixels are summed in float: a multiple of what other sums take, for there are many more of them.
constexpr std::int64_t kBand = 2 * kBandRows;

/// What all chunks share.
struct Autoproducts {
  Depthwise s;
  Reading reading;  // with the centre
  const TapCells& cells;

  int floats() const { return (cells.products() + cells.sums()) * kLanes; }  // of a vector
  int doubles() const { return int(cells.second.size() + std::size_t(cells.sums())) * kLanes; }
};

/// A row of x' with those below, and where in the cells its sums go.
struct MomentsRow {
  Taps below;
  std::int64_t products, sums;
};

/// x' times what lies below and beside it, and x' itself, to the cells of one vector. at: where its ring row
/// begins.
template <int KW, int S>
HWY_INLINE void add_row(const TapCells& cells, const MomentsRow& row, std::int64_t at, float* sums) {
  constexpr int kReach = 2 * KW - 1;
  const float* x = row.below.row[0] + at + (KW - 1) * kLanes;
  float* products = sums + row.products;
  for (int c = 0; c < cells.columns.classes(); ++c, products += cells.kernel_height * kReach * kLanes) {
    const auto run = cells.columns.of_class(c);
    kernel_gradient<kReach, S, S>(row.below, at + run.first * kLanes, x + run.first * kLanes, run.count,
                                  products, {});
  }
  float* alone = sums + row.sums;
  for (int c = 0; c < cells.far_columns.classes(); ++c) {
    const auto run = cells.far_columns.of_class(c);
    Vector sum = all(0);
    for (int i = 0; i < run.count; ++i)
      sum = hn::Add(sum, hn::Load(kFloats, x + (run.first + i * S) * kLanes));
    add_to(alone + c * kLanes, sum);
  }
}

/// Adds the cells of one vector to the products of taps and the sums, part [pairs + sums, kLanes], and clears
/// them.
void flush(const TapCells& cells, float* HWY_RESTRICT sums, double* HWY_RESTRICT part) {
  for (const auto& pair : cells.second) {
    for (const int cell : pair.products)
      for (int l = 0; l < kLanes; ++l) part[l] += sums[cell * kLanes + l];
    part += kLanes;
  }
  const float* alone = sums + cells.products() * kLanes;
  for (int i = 0; i < cells.sums() * kLanes; ++i) part[i] += alone[i];
  std::fill_n(sums, (cells.products() + cells.sums()) * kLanes, 0.0f);
}

/// Rows begin .. end; part [vectors, pairs + sums, kLanes].
template <int KW, int S>
void add_rows(const Autoproducts& job, std::int64_t begin, std::int64_t end, double* part) {
  const auto& s = job.s;
  const auto& cells = job.cells;
  Scratch scratch;
  const int halo = KW - 1, reach = s.kernel_height * (2 * KW - 1) * kLanes;
  const Strip strip(s.channels, s.width + 2 * halo, s.kernel_height,
                    vectors_of_a_line(job.reading.x.data.type()));
  const Ring ring(scratch, strip.rows + s.kernel_height, strip.vectors, s.width, halo);
  auto* rows = scratch.take<MomentsRow>(strip.rows);
  float* band = scratch.zeros<float>(std::int64_t(strip.vectors) * job.floats());
  std::int64_t next = 0, pixels = 0;
  for_strips(strip, s.channels, begin, end, [&](const Group& group, std::int64_t first, std::int64_t last) {
    if (first == begin) next = begin;
    const std::int64_t needed = std::min(end, last + s.kernel_height - 1);
    fetch_rows(job.reading, ring, group, s.channels, s.width, next, needed);
    next = needed;
    for (std::int64_t g = first; g < last; ++g) {
      const int h = int(g % s.height);
      auto& row = rows[g - first];
      row = {.below = {},
             .products = std::int64_t(cells.rows.class_of(h)) * cells.columns.classes() * reach,
             .sums = (cells.products() + cells.far_rows.class_of(h) * cells.far_columns.classes()) * kLanes};
      for (int k = 0; k < s.kernel_height && h + k < s.height; ++k)
        row.below.add(ring.row(g + k), k, 2 * KW - 1);
    }
    pixels += (last - first) * s.width;
    const bool full = pixels >= kBand || last == end;
    if (full) pixels = 0;
    for (int v = 0; v < group.count; ++v) {
      float* sums = band + std::int64_t(v) * job.floats();
      for (std::int64_t g = first; g < last; ++g)
        add_row<KW, S>(cells, rows[g - first], std::int64_t(v) * ring.row_size, sums);
      if (full) flush(cells, sums, part + std::int64_t(group.first + v) * job.doubles());
    }
  });
}

/// A value near the mean of every channel: that of some pixels, far from each other.
void take_centre(const Source& x, std::int64_t pixels, int channels, float* centre) {
  constexpr std::int64_t kMost = 64;
  const std::int64_t count = std::min(pixels, kMost);
  Scratch scratch;
  double* sum = scratch.zeros<double>(channels);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto row = x.data + pixels * i / count * x.stride;
    for (int c = 0; c < channels; ++c) {
      float value = row.type() == Type::Float32 ? row.as<float>()[c] : as_float(row.as<BFloat16>()[c]);
      if (x.scale) value = x.scale[c] * value + x.shift[c];
      if (x.act != Act::None) value = std::max(value, 0.0f);
      if (x.act == Act::Relu6) value = std::min(value, 6.0f);
      sum[c] += value;
    }
  }
  for (int c = 0; c < channels; ++c) centre[c] = static_cast<float>(sum[c] / static_cast<double>(count));
}

/// Mean and covariance of one vector of channels from c on; sums [pairs + sums, kLanes] of all images.
void finish(const Autoproducts& job, const double* HWY_RESTRICT sums, int c, const TapMoments& moments) {
  const auto& cells = job.cells;
  const int taps = cells.taps(), count = std::min(kLanes, job.s.channels - c);
  const double images = job.s.images, outputs = images * job.s.out_height() * job.s.out_width();
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

void tap_moments_here(const Depthwise& s, const Source& x, const TapMoments& moments, const ForEach& each) {
  constexpr std::int64_t kLeastPixels = 1024;  // of a chunk: its sums are many
  Scratch scratch;
  const std::int64_t pixels = std::int64_t(s.height) * s.width;
  take_centre(x, s.images * pixels, s.channels, moments.centre);
  const TapCells cells(s);
  const Autoproducts job{s, {scratch, x, s.channels, moments.centre}, cells};
  const Ranges chunks(s.images, (kLeastPixels + pixels - 1) / pixels);
  const std::int64_t size = std::int64_t(padded(s.channels)) / kLanes * job.doubles();
  double* parts = scratch.zeros<double>(chunks.count * size);
  const auto rows = for_kernel(s.kernel_width, s.stride, []<int KW, int S>() { return add_rows<KW, S>; });
  each(chunks.count, [&](std::int64_t i) {
    rows(job, chunks.begin(i) * s.height, chunks.end(i) * s.height, parts + i * size);
  });
  for (std::int64_t i = 1; i < chunks.count; ++i)
    for (std::int64_t at = 0; at < size; ++at) parts[at] += parts[i * size + at];
  for (int c = 0; c < s.channels; c += kLanes) finish(job, parts + c / kLanes * job.doubles(), c, moments);
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
