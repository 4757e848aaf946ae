#include "harness/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/depthwise_backward.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/depthwise_backward-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// What all chunks share.
struct Backward {
  Depthwise s;
  Reading reading;
  GradientIn d;          // c1, c2, c3 in whole vectors
  const float* weights;  // [vectors, kernel height, kernel width, kLanes]
  GradientOut dx;        // centre in whole vectors
  bool wants_dw, stream;

  int taps() const { return s.kernel_height * s.kernel_width; }
};

/// What one chunk works with.
struct BackwardChunk {
  Ring d;
  float* dw;             // of the band [vectors, kernel height, kernel width, kLanes]
  BandGradients sums;    // of the band [padded C]
  std::int64_t* pixels;  // [groups], in the band of each
  double *total_dw, *total_sums;
};

/// Pixels worked on at a time: their values and gradients stay in registers.
constexpr int kPixels = kLanes == 16 ? 8 : 4;

/// The maps that one group of one image reads; y: only with c1; dx: where it is read or written in part.
struct Maps {
  Ahead x, dz, y, dx;
};

/// Row h of x, all vectors of a group: its gradient, and what it adds to the kernel's. Asks for the rows of x
/// and dx after it, and for that of d which its successor is the first to need.
template <int KW, int S>
HWY_INLINE void input_row(const Backward& job, const BackwardChunk& chunk, const Group& group,
                          std::int64_t image, int h, const Maps& maps) {
  const auto& s = job.s;
  const int pad = s.kernel_height / 2, first = group.first * kLanes;
  Taps taps;
  for (int k = s.kernel_height - 1; k >= 0; --k) {
    const int from = h + pad - k;
    if (from >= 0 && from % S == 0 && from / S < s.out_height()) taps.add(chunk.d.row(from / S), k, KW);
  }
  const GradientRow row(job.reading, job.dx, chunk.sums, (image * s.height + h) * s.width, first, first,
                        job.stream);
  const bool asks = (h + 1 + pad) % S == 0;
  const auto next = [&](ConstValues from, std::int64_t stride) {
    const bool all = group.count * kLanes >= s.channels;
    return RowAhead(from, stride, group.count, asks_for_pixels(from, stride, s.channels, all));
  };
  const RowAhead x = next(maps.x.row(h + 1), job.reading.x.stride);
  const RowAhead dz = next(asks ? maps.dz.row((h + 1 + pad) / S) : ConstValues(), job.d.stride);
  const RowAhead y = next(asks && job.d.c1 ? maps.y.row((h + 1 + pad) / S) : ConstValues(), job.d.y_stride);
  const GradientRead read(job.dx, job.stream);
  const RowAhead dx = next(read.data ? maps.dx.row(h + 1) : ConstValues(), read.stride);
  for_blocks<kPixels>(s.width, [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    for (int v = 0; v < group.count; ++v) {
      const int c = v * kLanes, count = std::min(kLanes, s.channels - first - c);
      x.ask<P>(w, v);
      dx.ask<P>(w, v);
      dz.ask<(P + S - 1) / S>(w / S, v);
      y.ask<(P + S - 1) / S>(w / S, v);
      Vector value[P], part[P];
      load_block(row.raw + w * row.raw_stride + c, row.raw_stride, count, value);
      job.reading.read(first + c, value);
      HWY_UNROLL(8)
      for (int p = 0; p < P; ++p) part[p] = all(0);
      const std::int64_t kernel = std::int64_t(first + c) * job.taps();
      add_both<KW, S>(taps, std::int64_t(v) * chunk.d.row_size + (chunk.d.halo + w / S) * kLanes,
                      job.weights + kernel, value, part, chunk.dw + kernel);
      if (job.reading.x.act != Act::None) mask_outside(job.reading, value, part);
      row.store(w, c, count, part);
    }
  });
}

HWY_INLINE void fetch_gradient(const Backward& job, const Ring& ring, const Group& group, const Maps& maps,
                               int oh) {
  for (int v = 0; v < group.count; ++v) {
    const int c = (group.first + v) * kLanes;
    const auto dz = maps.dz.row(oh) + v * kLanes;
    const auto y = job.d.c1 ? maps.y.row(oh) + v * kLanes : ConstValues();
    with_type(dz.type(), [&]<class T>() HWY_ATTR {
      read_gradient(job.d, dz.as<T>(), y.as<T>(), job.s.out_width(), c, std::min(kLanes, job.s.channels - c),
                    ring.row(oh) + v * ring.row_size + ring.halo * kLanes);
    });
  }
}

/// Adds the sums of a group's band to the totals and clears them.
void flush(const Backward& job, const BackwardChunk& chunk, const Group& group) {
  const int c = group.first * kLanes, taps = job.taps();
  if (job.dx.sum)
    add_band(chunk.total_sums + c, job.s.channels, {chunk.sums.sum + c, chunk.sums.dot + c},
             std::min(group.count * kLanes, job.s.channels - c));
  float* dw = chunk.dw + std::int64_t(c) * taps;
  double* total = chunk.total_dw + std::int64_t(c) * taps;
  for (int i = 0; job.wants_dw && i < group.count * kLanes * taps; ++i) total[i] += dw[i], dw[i] = 0;
}

/// One group of one image: d is gone through once, and x as far as d is complete.
template <int KW, int S>
void backward_group(const Backward& job, const BackwardChunk& chunk, const Group& group, std::int64_t image,
                    const Maps& maps) {
  const auto& s = job.s;
  int h = 0;
  for (int oh = 0; oh < s.out_height(); ++oh) {
    fetch_gradient(job, chunk.d, group, maps, oh);
    const int complete =
        oh + 1 == s.out_height() ? s.height : std::min(s.height, oh * S + S - s.kernel_height / 2);
    for (; h < complete; ++h) input_row<KW, S>(job, chunk, group, image, h, maps);
  }
}

/// Images begin .. end; total_dw [vectors, kernel height, kernel width, kLanes], total_sums [2, C].
template <int KW, int S>
void backward_images(const Backward& job, std::int64_t begin, std::int64_t end, double* total_dw,
                     double* total_sums) {
  const auto& s = job.s;
  Scratch scratch;
  const int halo = KW / 2, columns = s.out_width() + 2 * halo;
  const int vectors = vectors_of_a_group(s.channels, s.kernel_height * columns, kSecondLevel,
                                         vectors_of_a_line(job.reading.x.data.type()));
  const int all_vectors = padded(s.channels) / kLanes, groups = (all_vectors + vectors - 1) / vectors;
  const GradientRead read(job.dx, job.stream);
  const BackwardChunk chunk{
      .d = {scratch, s.kernel_height, vectors, s.out_width(), halo},
      .dw = scratch.zeros<float>(std::size_t(padded(s.channels)) * job.taps()),
      .sums = {scratch.zeros<float>(padded(s.channels)), scratch.zeros<float>(padded(s.channels))},
      .pixels = scratch.zeros<std::int64_t>(groups),
      .total_dw = total_dw,
      .total_sums = total_sums};
  for (std::int64_t image = begin; image < end; ++image)
    for (int i = 0; i < groups; ++i) {
      const Group group{i * vectors, std::min(vectors, all_vectors - i * vectors)};
      const bool last = i + 1 == groups && image + 1 == end;
      const Place now{image, i}, next = i + 1 == groups ? Place{image + 1, 0} : Place{image, i + 1};
      const auto of = [&](ConstValues data, std::int64_t stride, int height, int width) {
        return ahead_of(data, stride, height, width, vectors * kLanes, now, next, last);
      };
      const Maps maps{.x = of(job.reading.x.data, job.reading.x.stride, s.height, s.width),
                      .dz = of(job.d.dz, job.d.stride, s.out_height(), s.out_width()),
                      .y = of(job.d.y, job.d.y_stride, s.out_height(), s.out_width()),
                      .dx = of(read.data, read.stride, s.height, s.width)};
      backward_group<KW, S>(job, chunk, group, image, maps);
      chunk.pixels[i] += std::int64_t(s.height) * s.width;
      if (chunk.pixels[i] < kBandRows && image + 1 < end) continue;
      flush(job, chunk, group);
      chunk.pixels[i] = 0;
    }
  if (job.stream) hwy::FlushStream();
}

using BackwardImages = void (*)(const Backward&, std::int64_t, std::int64_t, double*, double*);

BackwardImages backward_images_of(int kernel_width, int stride) {
  switch (kernel_width) {
    case 1:
      return stride == 1 ? backward_images<1, 1> : backward_images<1, 2>;
    case 3:
      return stride == 1 ? backward_images<3, 1> : backward_images<3, 2>;
    default:
      return stride == 1 ? backward_images<5, 1> : backward_images<5, 2>;
  }
}

/// dw [C, taps] from the chunks' [chunks, vectors, taps, kLanes], in their order.
void sum_kernel_gradients(const double* parts, std::int64_t count, int channels, int taps, float* dw) {
  const std::int64_t size = std::int64_t(padded(channels)) * taps;
  for (int c = 0; c < channels; ++c)
    for (int t = 0; t < taps; ++t) {
      double sum = 0;
      for (std::int64_t i = 0; i < count; ++i)
        sum += parts[i * size + (std::int64_t(c / kLanes) * taps + t) * kLanes + c % kLanes];
      dw[std::int64_t(c) * taps + t] = static_cast<float>(sum);
    }
}

}  // namespace

void depthwise_backward_here(const Depthwise& s, const GradientIn& d, const Source& x, const float* w,
                             const GradientOut& dx, float* dw, const ForEach& each) {
  Scratch scratch;
  const Ranges chunks(s.images, 1);
  const ChunkGradients sums(scratch, chunks, s.channels, dx);
  const int taps = s.kernel_height * s.kernel_width;
  const std::int64_t size = dw ? std::int64_t(padded(s.channels)) * taps : 0;
  double* parts = scratch.zeros<double>(chunks.count * size);
  Backward job{.s = s,
               .reading = {scratch, x, s.channels},
               .d = d,
               .weights = pack(scratch, w, s.channels, taps),
               .dx = dx,
               .wants_dw = dw != nullptr,
               .stream = streams(dx, s)};
  job.d.c1 = pad(scratch, d.c1, s.channels), job.d.c2 = pad(scratch, d.c2, s.channels);
  job.d.c3 = pad(scratch, d.c3, s.channels);
  if (dx.sum) job.dx.centre = pad(scratch, dx.centre, s.channels);
  const auto images = backward_images_of(s.kernel_width, s.stride);
  each(chunks.count,
       [&](std::int64_t i) { images(job, chunks.begin(i), chunks.end(i), parts + i * size, sums.of(i)); });
  sums.finish();
  if (dw) sum_kernel_gradients(parts, chunks.count, s.channels, taps, dw);
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(depthwise_backward_here);

void depthwise_backward(const Depthwise& shape, const GradientIn& d, const Source& x, const float* w,
                        const GradientOut& dx, float* dw, const ForEach& each) {
  instruction_set();
  HWY_DYNAMIC_DISPATCH(depthwise_backward_here)(shape, d, x, w, dx, dw, each);
}

}  // namespace ablate::kernels
#endif
