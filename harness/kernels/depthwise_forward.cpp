#include "harness/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/depthwise_forward.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/plain_taps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// What all chunks share.
struct Forward {
  Depthwise s;
  Reading reading;
  const float* weights;  // [vectors, kernel height, kernel width, kLanes]
  Values y;
  std::int64_t y_stride;
  bool stream, plain;  // plain: x is read as it lies, and no moments are wanted
  bool asks_for_pixels;
  Reading finish;  // what readers of y would do

  const float* weights_of(int vector) const {
    return weights + std::int64_t(vector) * s.kernel_height * s.kernel_width * kLanes;
  }
};

/// Sums of one group's current band, and how many pixels are in them; the moments of the bands before.
struct Statistics {
  BandMoments band;
  std::int64_t pixels = 0;
  RunningMoments total;

  template <int P>
  HWY_INLINE void add(int c, const Vector (&y)[P]) const {
    add_values(band, c, y);
  }

  /// Ends the band after a row if it is long enough, or if `last`.
  void end_row(int row_pixels, int channels, bool last) {
    pixels += row_pixels;
    if (pixels < kBandRows && !last) return;
    add_band(total, band, static_cast<double>(pixels), channels);
    pixels = 0;
  }
};

/// Starts a band of a group with a value of its own, the middle output of the row.
template <int KW, int S>
void start_band(const Forward& job, const Taps& taps, const Ring& ring, const Group& group,
                const BandMoments& band) {
  for (int v = 0; v < group.count; ++v) {
    Vector middle[1];
    convolve<KW, S>(taps, std::int64_t(v) * ring.row_size + job.s.out_width() / 2 * S * kLanes,
                    job.weights_of(group.first + v), middle);
    hn::Store(middle[0], kFloats, band.at + v * kLanes);
    hn::Store(all(0), kFloats, band.sum + v * kLanes);
    hn::Store(all(0), kFloats, band.square + v * kLanes);
  }
}

/// One row of outputs of one group; y points at its first pixel. Asks for S rows of x from `ahead` on.
template <int KW, int S>
HWY_INLINE void output_row(const Forward& job, const Taps& taps, const Ring& ring, const Group& group,
                           Values y, const Statistics* statistics, ConstValues ahead) {
  const PlainTaps plain{taps, job.reading.x.stride, job.s.width};
  const RowAhead next(ahead, job.reading.x.stride, group.count, job.asks_for_pixels);
  for_blocks<8>(job.s.out_width(), [&]<int P>(Pixels<P>, int w) HWY_ATTR {
    for (int v = 0; v < group.count; ++v) {
      const int c = v * kLanes, channel = group.first * kLanes + c,
                count = std::min(kLanes, job.s.channels - channel);
      Vector sum[P];
      next.ask<P * S * S, S == 1 ? Level::First : Level::Second>(w * S * S, v);
      const float* weights = job.weights_of(group.first + v);
      if (job.plain)
        convolve<KW, S>(plain, c, w * S - KW / 2, count, weights, sum);
      else
        convolve<KW, S>(taps, std::int64_t(v) * ring.row_size + w * S * kLanes, weights, sum);
      job.finish.read(channel, sum);
      store_block(sum, y + w * job.y_stride + c, job.y_stride, count, job.stream);
      if (statistics) statistics->add(c, sum);
    }
  });
}

/// One group of one image: x has its rows, y is its first output.
template <int KW, int S>
void forward_group(const Forward& job, const Ahead& x, Values y, const Ring& ring, const Group& group,
                   Statistics* statistics, bool last_image) {
  const auto& s = job.s;
  int next = 0;
  for (int oh = 0; oh < s.out_height(); ++oh, y = y + s.out_width() * job.y_stride) {
    const int first = oh * S - s.kernel_height / 2, end = first + s.kernel_height;
    for (next = std::max(next, first); !job.plain && next < std::min(s.height, end); ++next)
      for (int v = 0; v < group.count; ++v) {
        const int c = (group.first + v) * kLanes;
        job.reading.row(x.row(next) + v * kLanes, s.width, c, std::min(kLanes, s.channels - c),
                        ring.row(next) + v * ring.row_size + ring.halo * kLanes);
      }
    Taps taps;
    for (int k = 0; k < s.kernel_height; ++k)
      if (first + k >= 0 && first + k < s.height)
        taps.add(job.plain ? x.row(first + k).as<float>() : ring.row(first + k), k, KW);
    if (statistics && statistics->pixels == 0) start_band<KW, S>(job, taps, ring, group, statistics->band);
    output_row<KW, S>(job, taps, ring, group, y, statistics, x.row(end));
    if (statistics)
      statistics->end_row(s.out_width(), std::min(group.count * kLanes, s.channels - group.first * kLanes),
                          last_image && oh + 1 == s.out_height());
  }
}

/// Images begin .. end; total: their moments, or null.
template <int KW, int S>
void forward_images(const Forward& job, std::int64_t begin, std::int64_t end, RunningMoments* total) {
  const auto& s = job.s;
  Scratch scratch;
  const int halo = KW / 2, all_vectors = padded(s.channels) / kLanes;
  const auto& x_map = job.reading.x;
  const bool whole_lines = !job.asks_for_pixels && kLanes * sizeof(float) == kLine &&
                           x_map.stride * bytes_of(x_map.data.type()) % kLine == 0;
  const int vectors =
      vectors_of_a_group(s.channels, s.kernel_height * (s.width + 2 * halo),
                         whole_lines ? kFirstLevel : kSecondLevel, vectors_of_a_line(x_map.data.type()));
  const Ring ring(scratch, job.plain ? 0 : s.kernel_height, vectors, s.width, halo);
  const int groups = (all_vectors + vectors - 1) / vectors;
  auto* statistics = total ? scratch.take<Statistics>(groups) : nullptr;
  for (int i = 0; total && i < groups; ++i) {
    float* band = scratch.take<float>(3 * vectors * kLanes);
    const int c = i * vectors * kLanes;
    statistics[i] = {.band = {band, band + vectors * kLanes, band + 2 * vectors * kLanes},
                     .total = {.count = 0, .mean = total->mean + c, .squares = total->squares + c}};
  }
  for (std::int64_t image = begin; image < end; ++image)
    for (int i = 0; i < groups; ++i) {
      const Group group{i * vectors, std::min(vectors, all_vectors - i * vectors)};
      const bool last_group = i + 1 == groups, last_image = image + 1 == end;
      const Place next = last_group ? Place{image + 1, 0} : Place{image, i + 1};
      const auto x = ahead_of(job.reading.x.data, job.reading.x.stride, s.height, s.width, vectors * kLanes,
                              {image, i}, next, last_group && last_image);
      const Values y = job.y + image * s.out_height() * s.out_width() * job.y_stride + group.first * kLanes;
      forward_group<KW, S>(job, x, y, ring, group, total ? statistics + i : nullptr, last_image);
    }
  if (total) total->count = statistics[0].total.count;
  if (job.stream) hwy::FlushStream();
}

using ForwardImages = void (*)(const Forward&, std::int64_t, std::int64_t, RunningMoments*);

ForwardImages forward_images_of(int kernel_width, int stride) {
  switch (kernel_width) {
    case 1:
      return stride == 1 ? forward_images<1, 1> : forward_images<1, 2>;
    case 3:
      return stride == 1 ? forward_images<3, 1> : forward_images<3, 2>;
    default:
      return stride == 1 ? forward_images<5, 1> : forward_images<5, 2>;
  }
}

}  // namespace

void depthwise_forward_here(const Depthwise& s, const Source& x, const float* w, Values y,
                            std::int64_t y_stride, const Moments& moments, const ForEach& each,
                            const Finish& finish) {
  Scratch scratch;
  const Ranges chunks(s.images, 1);
  ChunkMoments parts(scratch, chunks, s.channels, moments);
  const std::int64_t pixels = std::int64_t(s.images) * s.out_height() * s.out_width();
  const Forward job{s,
                    {scratch, x, s.channels},
                    pack(scratch, w, s.channels, s.kernel_height * s.kernel_width),
                    y,
                    y_stride,
                    streams(y, y_stride, pixels, s.channels),
                    !x.scale && x.data.type() == Type::Float32 && !moments.mean,
                    asks_for_pixels(x.data, x.stride, s.channels, true),
                    {scratch, {.scale = finish.scale, .shift = finish.shift, .act = finish.act}, s.channels}};
  const auto images = forward_images_of(s.kernel_width, s.stride);
  each(chunks.count, [&](std::int64_t i) {
    images(job, chunks.begin(i), chunks.end(i), parts.wanted() ? &parts.of(i) : nullptr);
  });
  parts.finish();
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(depthwise_forward_here);

void depthwise_forward(const Depthwise& shape, const Source& x, const float* w, Values y,
                       std::int64_t y_stride, const Moments& moments, const ForEach& each,
                       const Finish& finish) {
  instruction_set();
  HWY_DYNAMIC_DISPATCH(depthwise_forward_here)(shape, x, w, y, y_stride, moments, each, finish);
}

}  // namespace ablate::kernels
#endif
