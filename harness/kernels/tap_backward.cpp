#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/tap_backward.cpp"
#include <hwy/foreach_target.h>

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
};

/// A row of dx: the rows of the input around it, those of dz that reach it, and its first pixel.
struct BackwardRow {
  Taps around, back;
  int row_class;
  std::int64_t pixel;
};

/// What one chunk works with.
struct BackwardChunk {
  CentredRing x;
  Ring dz;
  float* row;          // what a row gets from the input around it, [columns, kLanes]
  BandGradients sums;  // of the band [padded C]
};

/// One vector of a row of dx; v: in its group.
template <int KW, int S>
HWY_INLINE void input_row(const Backward& job, const BackwardChunk& chunk, const BackwardRow& row, int first,
                          int v) {
  const auto& s = job.s;
  const auto& x = job.reading.x;
  const int c = first + v * kLanes, count = std::min(kLanes, s.channels - c);
  job.joined.row<KW, S>(c / kLanes, row.row_class, row.around, std::int64_t(v) * chunk.x.ring.row_size,
                        s.width, chunk.row);
  const GradientRow to(job.reading, job.dx, chunk.sums, row.pixel, c, job.stream);
  const float* weights = job.weights + std::int64_t(c) * job.taps();
  for_blocks<8>(s.width, [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    Vector part[P];
    convolve_back<KW, S>(row.back, std::int64_t(v) * chunk.dz.row_size + (chunk.dz.halo + w / S) * kLanes,
                         weights, part);
    for (int p = 0; p < P; ++p) part[p] = hn::Add(part[p], hn::Load(kFloats, chunk.row + (w + p) * kLanes));
    if (x.act != Act::None) {
      const Vector scale = hn::Load(kFloats, x.scale + c), shift = hn::Load(kFloats, x.shift + c);
      Vector value[P];
      load_pixels(to.raw + w * x.stride, x.stride, count, value);
      for (int p = 0; p < P; ++p) value[p] = hn::MulAdd(scale, value[p], shift);
      mask_outside(job.reading, value, part);
    }
    to.store(w, 0, count, part);
  });
}

/// Row g of all images: what it reads must be in the rings.
template <int KW, int S>
BackwardRow row_of(const Backward& job, const BackwardChunk& chunk, std::int64_t g) {
  const auto& s = job.s;
  const int h = int(g % s.height);
  const std::int64_t image = g / s.height;
  BackwardRow row{.around = {}, .back = {}, .row_class = job.joined.rows.class_of(h), .pixel = g * s.width};
  job.joined.for_rows(row.row_class, [&](int k) {
    row.around.add(chunk.x.row(image * s.height, h + k - s.kernel_height + 1, s.height), k, 2 * KW - 1);
  });
  for (int k = s.kernel_height - 1; k >= 0; --k) {
    const int from = h + s.kernel_height / 2 - k;
    if (from >= 0 && from % S == 0 && from / S < s.out_height())
      row.back.add(chunk.dz.row(image * s.out_height() + from / S), k, KW);
  }
  return row;
}

/// Rows begin .. end of the input; total_sums [2, C].
template <int KW, int S>
void backward_rows(const Backward& job, std::int64_t begin, std::int64_t end, double* total_sums) {
  const auto& s = job.s;
  Scratch scratch;
  const int halo = KW - 1, halo_out = KW / 2, around = 2 * s.kernel_height - 2;
  const Strip strip(s.channels, s.width + 2 * halo + s.out_width() + 2 * halo_out, around,
                    vectors_of_a_line(job.reading.x.data.type()));
  const BackwardChunk chunk{
      .x = {scratch, strip.rows + around, strip.vectors, s.width, halo},
      .dz = {scratch, strip.rows + s.kernel_height, strip.vectors, s.out_width(), halo_out},
      .row = scratch.take<float>(std::int64_t(s.width) * kLanes),
      .sums = {scratch.zeros<float>(padded(s.channels)), scratch.zeros<float>(padded(s.channels))}};
  auto* rows = scratch.take<BackwardRow>(strip.rows);
  std::int64_t next = 0, next_out = 0, pixels = 0;
  for_strips(strip, s.channels, begin, end, [&](const Group& group, std::int64_t first, std::int64_t last) {
    if (first == begin) {
      chunk.x.surround(job.reading.centre + group.first * kLanes, group.count);
      next = begin, next_out = begin / s.height * s.out_height();
    }
    const std::int64_t needed = std::min(end, last + s.kernel_height - 1);
    fetch_rows(job.reading, chunk.x.ring, group, s.channels, s.width, next, needed);
    const int h = int((last - 1) % s.height);
    const std::int64_t needed_out =
        (last - 1) / s.height * s.out_height() + std::min(s.out_height(), (h + s.kernel_height / 2) / S + 1);
    fetch_rows(job.dz, chunk.dz, group, s.channels, s.out_width(), next_out, needed_out);
    next = needed, next_out = needed_out;
    for (std::int64_t g = first; g < last; ++g) rows[g - first] = row_of<KW, S>(job, chunk, g);
    for (int v = 0; v < group.count; ++v)
      for (std::int64_t g = first; g < last; ++g)
        input_row<KW, S>(job, chunk, rows[g - first], group.first * kLanes, v);
    pixels += (last - first) * s.width;
    if (!job.dx.sum || (pixels < kBandRows && last < end)) return;
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
  const auto rows =
      for_kernel(s.kernel_width, s.stride, []<int KW, int S>() { return backward_rows<KW, S>; });
  each(chunks.count,
       [&](std::int64_t i) { rows(job, chunks.begin(i) * s.height, chunks.end(i) * s.height, sums.of(i)); });
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
